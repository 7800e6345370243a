import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encoded } from "../../../test/evaluate.js";
import { checkGradient, run } from "../../../test/gradient-check.js";
import { placeholder } from "../placeholder.js";
import { type Dtype, type Shape, type Tensor, sizeOf, spec } from "../tensor.js";
import { broadcast, sumTo } from "./broadcast.js";
import { fill } from "./fill.js";
import { concatenate } from "./concatenate.js";
import { permute } from "./permute.js";
import { reshape } from "./reshape.js";
import { pad, slice } from "./slice.js";

const tensorOf = (shape: Shape, dtype: Dtype = "float32"): Tensor =>
  placeholder(spec(shape, dtype), "x");
const counting = (shape: Shape): { shape: Shape; values: number[] } => ({
  shape,
  values: Array.from({ length: sizeOf(shape) }, (_, i) => i),
});

describe("broadcast", () => {
  it("repeats along new axes and axes of size 1", () => {
    const [result] = run((x) => broadcast(x, [2, 2, 3]), { shape: [2, 1], values: [7, 8] });
    expect(result).toEqual([7, 7, 7, 8, 8, 8, 7, 7, 7, 8, 8, 8]);
  });

  it.each([
    [[], [2, 3]],
    [[3], [2, 3]],
    [
      [2, 1, 2],
      [4, 2, 3, 2],
    ],
  ])("has a gradient from %j to %j", (from, to) => {
    checkGradient((x) => broadcast(x, to), { shape: from });
    checkGradient((x) => broadcast(x, to), { shape: from, dtype: "bfloat16" });
  });

  it("refuses shapes that do not stretch", () => {
    expect(() => broadcast(tensorOf([2, 3]), [3])).toThrow(/broadcast.*float32\[2, 3\].*\[3\]/);
    expect(() => broadcast(tensorOf([3]), [1])).toThrow(/broadcast/);
    expect(() => broadcast(tensorOf([2]), [3])).toThrow(/broadcast/);
  });
});

describe("sumTo", () => {
  it("sums over the axes of a broadcast", () => {
    const x = counting([2, 2, 3]);
    expect(run((t) => [sumTo(t, [2, 1]), sumTo(t, [3]), sumTo(t, [])], x)).toEqual([
      [24, 42],
      [18, 22, 26],
      [66],
    ]);
    checkGradient((t) => [sumTo(t, [2, 1]), sumTo(t, [1, 1, 3]), sumTo(t, [2, 2, 3])], x);
  });

  it("gives the dtype it is told", () => {
    expect(sumTo(tensorOf([2, 3], "bfloat16"), [3], "float32").dtype).toBe("float32");
    expect(sumTo(tensorOf([3], "bfloat16"), [3], "float32").dtype).toBe("float32");
  });
});

describe("fill", () => {
  it("is one value everywhere", () => {
    expect(run(() => [fill([2, 2], 3), fill([], -1, "int32")])).toEqual([[3, 3, 3, 3], [-1]]);
    expect(encoded(fill([2], 0.5))).toEqual([0.5]);
  });
});

describe("reshape", () => {
  it("keeps the elements in order", () => {
    const x = counting([2, 3, 2]);
    expect(run((t) => reshape(t, [3, 4]), x)).toEqual([x.values]);
    expect(reshape(tensorOf([2, 3, 2]), [4, -1]).shape).toEqual([4, 3]);
    expect(reshape(tensorOf([1]), []).shape).toEqual([]);
    checkGradient((t) => reshape(t, [-1]), x);
  });

  it("is nothing where the shape stays", () => {
    const x = tensorOf([2, 3]);
    expect(reshape(x, [2, -1])).toBe(x);
  });

  it.each([[[5]], [[4, -1]], [[-1, -1]], [[2.5, 2]], [[-2, -3]], [[0, -1]]])(
    "refuses %j",
    (shape) => {
      expect(() => reshape(tensorOf([2, 3]), shape)).toThrow(
        /reshape.*float32\[2, 3\]|integers >= 0/,
      );
    },
  );
});

describe("permute", () => {
  it("exchanges axes", () => {
    const [result] = run((x) => permute(x, [2, 0, 1]), counting([2, 1, 3]));
    expect(result).toEqual([0, 3, 1, 4, 2, 5]);
    expect(permute(tensorOf([2, 4, 3]), [2, 0, 1]).shape).toEqual([3, 2, 4]);
    expect(encoded(permute(tensorOf([2, 4, 3]), [2, 0, 1]))).toEqual([2, 0, 1]);
  });

  it("is undone by the inverse permutation", () => {
    const axes = [0, 1, 2, 3];
    fc.assert(
      fc.property(fc.shuffledSubarray(axes, { minLength: 4 }), (order) => {
        const x = counting([2, 3, 1, 4]);
        const inverse = axes.map((axis) => order.indexOf(axis));
        expect(run((t) => permute(permute(t, order), inverse), x)).toEqual([x.values]);
      }),
    );
  });

  it("has a gradient", () => {
    checkGradient((x) => permute(x, [1, 3, 0, 2]), { shape: [2, 3, 1, 4] });
  });

  it("wants every axis once", () => {
    expect(() => permute(tensorOf([2, 3]), [0, 0])).toThrow(/permute.*\[0, 0\]/);
    expect(() => permute(tensorOf([2, 3]), [0])).toThrow(/permute/);
  });
});

describe("concatenate", () => {
  it("joins along an axis", () => {
    const [first, second] = [counting([2, 1, 2]), counting([2, 2, 2])];
    expect(run((a, b) => concatenate([a, b], 1), first, second)).toEqual([
      [0, 1, 0, 1, 2, 3, 2, 3, 4, 5, 6, 7],
    ]);
    expect(run((a, b) => concatenate([a, b], 0), counting([0, 2]), counting([1, 2]))).toEqual([
      [0, 1],
    ]);
    expect(encoded(concatenate([tensorOf([2, 1]), tensorOf([2, 3])], -1))).toEqual([1]);
  });

  it("has a gradient", () => {
    checkGradient(
      (a, b, c) => concatenate([a, b, c], -2),
      { shape: [2, 1, 3] },
      { shape: [2, 2, 3] },
      { shape: [2, 1, 3] },
    );
  });

  it("refuses what does not fit", () => {
    expect(() => concatenate([tensorOf([2, 1]), tensorOf([3, 2])], 1)).toThrow(
      /float32\[2, 1\] and float32\[3, 2\]/,
    );
    expect(() => concatenate([tensorOf([2]), tensorOf([2], "int32")], 0)).toThrow(/dtype/);
    expect(() => concatenate([], 0)).toThrow(/at least one/);
  });
});

describe("slice and pad", () => {
  it("cut out and set in", () => {
    const x = counting([2, 3, 2]);
    const [middle, first, padded] = run(
      (t) => [slice(t, 1, 1, 3), slice(t, 0, 0, 1), pad(slice(t, 1, 1, 2), [1, 0, 1], [3, 1, 3])],
      x,
    );
    expect(middle).toEqual([2, 3, 4, 5, 8, 9, 10, 11]);
    expect(first).toEqual([0, 1, 2, 3, 4, 5]);
    expect(padded).toEqual([0, 0, 0, 0, 2, 3, 0, 8, 9]);
  });

  it("have gradients", () => {
    checkGradient((x) => [slice(x, 0, 1, 2), slice(x, -1, 0, 2), slice(x, 1, 2, 2)], {
      shape: [3, 2, 4],
    });
    checkGradient((x) => pad(x, [0, 2], [3, 4]), { shape: [2, 2] });
  });

  it("tell their corner to the native kernels", () => {
    expect(encoded(slice(tensorOf([2, 5]), 1, 2, 4))).toEqual([0, 2]);
    expect(encoded(pad(tensorOf([2, 5]), [3, 0], [5, 6]))).toEqual([3, 0]);
  });

  it("are nothing where the shape stays", () => {
    const x = tensorOf([2, 5]);
    expect(slice(x, 0, 0, 2)).toBe(x);
    expect(pad(x, [0, 0], [2, 5])).toBe(x);
  });

  it("refuse places outside", () => {
    expect(() => slice(tensorOf([2, 5]), 1, 2, 6)).toThrow(/slice.*2 to 6/);
    expect(() => slice(tensorOf([2, 5]), 1, -1, 3)).toThrow(/slice/);
    expect(() => slice(tensorOf([2, 5]), 2, 0, 1)).toThrow(/slice.*not 2/);
    expect(() => pad(tensorOf([2, 5]), [1, 0], [2, 5])).toThrow(/pad.*\[2, 5\]/);
  });
});
