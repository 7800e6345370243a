import { describe, expect, it } from "vitest";
import { encodeAttributes } from "../../backend/encode.js";
import { checkGradient, randomValues, run } from "../../../test/gradient-check.js";
import { ShapeError } from "../../base/errors.js";
import { placeholder } from "../placeholder.js";
import { type Dtype, type Shape, type Tensor, spec } from "../tensor.js";
import { type AttentionOptions, attention, selfAttention } from "./attention.js";
import { slice } from "./slice.js";

const range = (length: number, f: (index: number) => number): number[] =>
  Array.from({ length }, (_, index) => f(index));

/** Two samples, three queries, four keys, two heads of size 3. */
const q = { shape: [2, 3, 6] };
const k = { shape: [2, 4, 6] };
const v = { shape: [2, 4, 6] };
const heads = 2;

const attend = (q: Tensor, k: Tensor, v: Tensor): Tensor => attention(q, k, v, { heads });
const withLengths = (q: Tensor, k: Tensor, v: Tensor, lengths?: Tensor): Tensor =>
  attention(q, k, v, { heads, lengths });
const withMask = (q: Tensor, k: Tensor, v: Tensor, mask?: Tensor): Tensor =>
  attention(q, k, v, { heads, mask });
const lengths = (...values: number[]) =>
  ({ shape: [2], dtype: "int32", values, differentiable: false }) as const;
const mask = (...values: number[]) => ({ shape: [2, 4], values, differentiable: false }) as const;

/** Output and logSumExp. */
const bothOf = (result: Tensor): readonly Tensor[] => result.node.outputs;

describe("attention", () => {
  it("agrees with torch's scaled_dot_product_attention", () => {
    const [output] = run(
      attend,
      { shape: [1, 3, 4], values: range(12, (i) => Math.sin(i / 7 - 0.8)) },
      { shape: [1, 2, 4], values: range(8, (i) => Math.cos(i / 3)) },
      { shape: [1, 2, 4], values: range(8, (i) => i / 5) },
    );
    const expected = [
      0.5583400470943961, 0.7583400470943961, 0.9405550173749846, 1.1405550173749845,
      0.43699960259198634, 0.6369996025919863, 0.7558835986408651, 0.9558835986408651,
      0.29728540732729875, 0.4972854073272987, 0.5987977574621696, 0.7987977574621696,
    ];
    for (const [i, value] of output!.entries()) expect(value).toBeCloseTo(expected[i]!, 12);
  });

  it("gives the logarithm of the sum of the exponentials of the scores", () => {
    const scored = (q: Tensor, k: Tensor): readonly Tensor[] =>
      bothOf(attention(q, k, k, { heads: 1, scale: 2 }));
    const [, logSumExp] = run(
      scored,
      { shape: [1, 1, 1], values: [0.5] },
      { shape: [1, 2, 1], values: [3, 4] },
    );
    expect(logSumExp![0]).toBeCloseTo(Math.log(Math.exp(3) + Math.exp(4)), 12);
  });

  it("averages the values where all keys are alike", () => {
    const [output] = run(
      attend,
      q,
      { ...k, values: range(48, () => 0.3) },
      { ...v, values: range(48, (i) => Math.floor(i / 6) % 4) },
    );
    for (const value of output!) expect(value).toBeCloseTo(1.5, 12);
  });

  it("stays finite and exact with scores beyond the range of exp", () => {
    const sharp = (q: Tensor, k: Tensor, v: Tensor): Tensor =>
      attention(q, k, v, { heads: 1, scale: 1 });
    const [output] = run(
      sharp,
      { shape: [1, 2, 1], values: [1e4, -1e4] },
      { shape: [1, 2, 1], values: [1, 2] },
      { shape: [1, 2, 1], values: [5, 7] },
    );
    expect(output).toEqual([7, 5]);
  });

  it("hides keys by lengths as by a mask of -infinity", () => {
    const hidden = -Infinity;
    const byLengths = run(withLengths, q, k, v, lengths(3, 1));
    const byMask = run(withMask, q, k, v, mask(0, 0, 0, hidden, 0, hidden, hidden, hidden));
    expect(byLengths).toEqual(byMask);
    const oneKey = range(18, (i) => randomValues(48, 2)[24 + (i % 6)]!);
    expect(byLengths[0]!.slice(18)).toEqual(oneKey);
  });

  it("is not disturbed by hidden keys of any size", () => {
    const junk = { ...k, values: randomValues(48, 1).fill(1e300, 6, 24) };
    const [output] = run(withLengths, q, junk, v, lengths(1, 4));
    expect(output!.every(Number.isFinite)).toBe(true);
  });

  it("gives zeros and logSumExp -infinity where no key is visible", () => {
    const [output, logSumExp] = run(
      (q, k, v, n) => bothOf(withLengths(q, k, v, n)),
      q,
      k,
      v,
      lengths(0, 4),
    );
    expect(output!.slice(0, 18)).toEqual(range(18, () => 0));
    expect(logSumExp!.slice(0, 6)).toEqual(range(6, () => -Infinity));
    expect(logSumExp!.slice(6).every(Number.isFinite)).toBe(true);
  });

  it("averages all values under a mask that is equally low everywhere", () => {
    const lowest = -3.4028234663852886e38;
    const [uniform] = run(withMask, q, k, v, mask(...range(8, () => lowest)));
    const values = randomValues(48, 2);
    for (const [i, value] of uniform!.entries()) {
      const first = i < 18 ? 0 : 24;
      const mean = range(4, (j) => values[first + 6 * j + (i % 6)]!).reduce((a, b) => a + b) / 4;
      expect(value).toBeCloseTo(mean, 12);
    }
  });

  it("has the dtype of the queries", () => {
    const half = (shape: Shape): Tensor => placeholder(spec(shape, "bfloat16"), "x");
    const { node, dtype } = attention(half(q.shape), half(k.shape), half(v.shape), { heads });
    expect(dtype).toBe("bfloat16");
    expect(node.outputs[1]!.dtype).toBe("float32");
    expect(node.attributes.compute).toBe("bfloat16");
    expect(encodeAttributes(node.op, node.attributes)).toEqual([2, 1 / Math.sqrt(3), 0, 1, 0]);
  });
});

describe("self-attention of joined queries, keys and values", () => {
  const qkv = { shape: [2, 4, 18] };
  const separate = (x: Tensor, options: Partial<AttentionOptions>): Tensor => {
    const part = (index: number): Tensor => slice(x, 2, 6 * index, 6 * index + 6);
    return attention(part(0), part(1), part(2), { heads, ...options });
  };
  const joined = (x: Tensor, options: Partial<AttentionOptions>): Tensor =>
    selfAttention(x, { heads, ...options });

  it("is that of its parts", () => {
    const results = [joined, separate].flatMap((attend) => [
      run((x) => bothOf(attend(x, {})), qkv),
      run((x, lengths) => bothOf(attend(x, { lengths })), qkv, lengths(3, 1)),
      run((x, mask) => bothOf(attend(x, { mask })), qkv, mask(0, -1, 2, 0, 0, 0, -Infinity, 1)),
    ]);
    expect(results.slice(0, 3)).toEqual(results.slice(3));
  });

  it("has the right gradient", () => {
    checkGradient((x) => joined(x, {}), qkv);
    checkGradient((x, lengths) => joined(x, { lengths }), qkv, lengths(3, 0));
    checkGradient((x, mask) => joined(x, { mask }), qkv, mask(0.5, -1, -Infinity, 2, 0, 0, 0, 0));
  });

  it("refuses what three times the heads cannot share, and wrong masks", () => {
    const of = (shape: Shape, dtype: Dtype = "float32"): Tensor =>
      placeholder(spec(shape, dtype), "x");
    expect(() => joined(of([2, 4, 16]), {})).toThrow(ShapeError);
    expect(() => joined(of([4, 18]), {})).toThrow(ShapeError);
    expect(() => joined(of([2, 4, 18]), { lengths: of([3], "int32") })).toThrow(ShapeError);
    expect(() => joined(of([2, 4, 18]), { mask: of([2, 3]) })).toThrow(ShapeError);
  });
});

describe("the gradient of attention", () => {
  it("is right without a mask", () => {
    checkGradient(attend, q, k, v);
    checkGradient((x) => attention(x, x, x, { heads: 1, scale: 0.7 }), { shape: [1, 5, 3] });
  });

  it("is right with lengths, none included", () => {
    checkGradient(withLengths, q, k, v, lengths(3, 0));
  });

  it("is right with an additive mask", () => {
    checkGradient(withMask, q, k, v, mask(0.5, -1, -Infinity, 2, ...range(4, () => -Infinity)));
  });

  it("is zero where no key is visible", () => {
    const gradientsOf = (q: Tensor, k: Tensor, v: Tensor, n: Tensor): readonly Tensor[] => {
      const { op, inputs, outputs, attributes } = withLengths(q, k, v, n).node;
      return op.gradient!({ inputs, outputs, attributes }, outputs) as Tensor[];
    };
    const gradients = run(gradientsOf, q, k, v, lengths(0, 4));
    for (const [i, values] of gradients.entries()) {
      const ofFirstSample = values.slice(0, values.length / 2);
      expect(
        ofFirstSample.every((value) => value === 0),
        `result ${i}`,
      ).toBe(true);
      expect(values.every(Number.isFinite)).toBe(true);
    }
  });
});

describe("shapes that attention refuses", () => {
  const of = (shape: Shape, dtype: Dtype = "float32"): Tensor =>
    placeholder(spec(shape, dtype), "x");
  const cases: readonly [string, Tensor, Tensor, Tensor, AttentionOptions][] = [
    ["other widths", of([2, 3, 6]), of([2, 4, 5]), of([2, 4, 5]), { heads }],
    ["other batches", of([2, 3, 6]), of([1, 4, 6]), of([1, 4, 6]), { heads }],
    ["keys unlike values", of([2, 3, 6]), of([2, 4, 6]), of([2, 5, 6]), { heads }],
    ["heads that do not divide", of([2, 3, 6]), of([2, 4, 6]), of([2, 4, 6]), { heads: 4 }],
    ["no batch", of([3, 6]), of([4, 6]), of([4, 6]), { heads }],
    ["whole numbers", of([2, 3, 6], "int32"), of([2, 4, 6]), of([2, 4, 6]), { heads }],
    [
      "both lengths and a mask",
      of([2, 3, 6]),
      of([2, 4, 6]),
      of([2, 4, 6]),
      { heads, lengths: of([2], "int32"), mask: of([2, 4]) },
    ],
    ["float lengths", of([2, 3, 6]), of([2, 4, 6]), of([2, 4, 6]), { heads, lengths: of([2]) }],
    [
      "a mask per query",
      of([2, 3, 6]),
      of([2, 4, 6]),
      of([2, 4, 6]),
      { heads, mask: of([2, 3, 4]) },
    ],
  ];
  it.each(cases)("%s", (_what, q, k, v, options) => {
    expect(() => attention(q, k, v, options)).toThrow(ShapeError);
  });
});
