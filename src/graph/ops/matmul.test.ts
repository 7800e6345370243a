import { describe, expect, it } from "vitest";
import { closeTo } from "../../../test/close-to.js";
import { encoded, evaluate } from "../../../test/evaluate.js";
import { checkGradient, randomValues, run } from "../../../test/gradient-check.js";
import { apply, applyAll } from "../trace.js";
import { placeholder } from "../placeholder.js";
import { type Dtype, type Shape, type Tensor, sizeOf, spec } from "../tensor.js";
import { geluDerivative, normalCumulative } from "./erf.js";
import { type MatmulAttributes, linear, matmulOp, product } from "./matmul.js";

const [M, K, N] = [6, 5, 3];
const tensorOf = (shape: Shape, dtype: Dtype = "float32"): Tensor =>
  placeholder(spec(shape, dtype), "x");

/** The rows of a matrix. */
function rowsOf(values: readonly number[], width: number): number[][] {
  return Array.from({ length: values.length / width }, (_, i) =>
    values.slice(i * width, (i + 1) * width),
  );
}

const transposed = (rows: readonly number[][]): number[][] =>
  rows[0]!.map((_, column) => rows.map((row) => row[column]!));

/** A [M, K] times B [K, N], in order. */
function plainProduct(a: readonly number[][], b: readonly number[][]): number[] {
  return a.flatMap((row) =>
    transposed(b).map((column) => row.reduce((total, value, k) => total + value * column[k]!, 0)),
  );
}

const forms = [
  [false, false, [M, K], [K, N]],
  [false, true, [M, K], [N, K]],
  [true, false, [K, M], [K, N]],
  [true, true, [K, M], [N, K]],
  [false, false, [2, 3, K], [5, 1, N]],
  [true, false, [5, 1, M], [1, 5, N]],
  [false, true, [3, 1, 2, K], [N, K]],
] as const;

describe.each(forms)(
  "product with transposeA %s, transposeB %s of %j and %j",
  (transposeA, transposeB, a, b) => {
    const [x, y] = [randomValues(sizeOf(a), 1), randomValues(sizeOf(b), 2)];
    const left = rowsOf(x, a.at(-1)!);
    const right = rowsOf(y, b.at(-1)!);
    const expected = plainProduct(
      transposeA ? transposed(left) : left,
      transposeB ? transposed(right) : right,
    );
    const arguments_ = [
      { shape: a, values: x },
      { shape: b, values: y },
    ] as const;

    it("has the values of plain loops", () => {
      const [result] = run((s, t) => product(s, t, { transposeA, transposeB }), ...arguments_);
      expect(result).toEqual(closeTo(expected));
      const { shape } = product(tensorOf(a), tensorOf(b), { transposeA, transposeB });
      expect(shape).toEqual(transposeA ? [M, N] : [...a.slice(0, -1), N]);
    });

    it("adds a bias to every row", () => {
      const bias = [0.5, -1, 2];
      const [result] = run(
        (s, t, u) => product(s, t, { transposeA, transposeB, bias: u }),
        ...arguments_,
        {
          shape: [N],
          values: bias,
        },
      );
      expect(result).toEqual(closeTo(expected.map((value, i) => value + bias[i % N]!)));
    });

    it("has a gradient, in the dtypes of its factors", () => {
      checkGradient(
        (s, t, u) => product(s, t, { transposeA, transposeB, bias: u }),
        ...arguments_,
        { shape: [N] },
      );
      checkGradient(
        (s, t, u) => product(s, t, { transposeA, transposeB, bias: u, dtype: "float32" }),
        { ...arguments_[0], dtype: "bfloat16" },
        arguments_[1],
        { shape: [N], dtype: "bfloat16" },
      );
    });
  },
);

describe("the epilogue of a product", () => {
  const a = tensorOf([M, K]);
  const b = tensorOf([N, K]);
  const bias = tensorOf([N]);
  const addend = tensorOf([M, N]);
  const preactivation = tensorOf([M, N]);
  const feeds = new Map(
    [a, b, bias, addend, preactivation].map((tensor, i) => [tensor, randomValues(tensor.size, i)]),
  );
  const plain = plainProduct(rowsOf(feeds.get(a)!, K), transposed(rowsOf(feeds.get(b)!, K)));
  const biased = plain.map((value, i) => value + feeds.get(bias)![i % N]!);
  const gelu = (x: number): number => x * normalCumulative(x);
  const none: MatmulAttributes = {
    transposeA: false,
    transposeB: true,
    compute: "float32",
    dtype: "float32",
    activation: "none",
    hasBias: false,
    hasAddend: false,
    outputsPreactivation: false,
    packedB: false,
    geluB: false,
    K,
    N,
  };

  it("applies gelu after the bias and returns the preactivation", () => {
    const attributes = {
      ...none,
      activation: "gelu",
      hasBias: true,
      outputsPreactivation: true,
    } as const;
    const results = evaluate(applyAll(matmulOp, [a, b, bias], attributes), feeds);
    expect(results).toEqual([closeTo(biased.map(gelu)), closeTo(biased)]);
  });

  it("adds the addend after the activation", () => {
    const attributes = { ...none, activation: "gelu", hasBias: true, hasAddend: true } as const;
    const [result] = evaluate([apply(matmulOp, [a, b, bias, addend], attributes)], feeds);
    expect(result).toEqual(closeTo(biased.map((value, i) => gelu(value) + feeds.get(addend)![i]!)));
  });

  it("multiplies by the derivative of gelu at the preactivation", () => {
    const attributes = { ...none, activation: "geluGradient", hasAddend: true } as const;
    const result = apply(matmulOp, [a, b, addend, preactivation], attributes);
    const derivatives = feeds.get(preactivation)!.map(geluDerivative);
    expect(evaluate([result], feeds)[0]).toEqual(
      closeTo(plain.map((value, i) => value * derivatives[i]! + feeds.get(addend)![i]!)),
    );
  });

  it("applies gelu to its second factor", () => {
    const [result] = evaluate([apply(matmulOp, [a, b], { ...none, geluB: true })], feeds);
    const factor = feeds.get(b)!.map(gelu);
    expect(result).toEqual(
      closeTo(plainProduct(rowsOf(feeds.get(a)!, K), transposed(rowsOf(factor, K)))),
    );
  });

  it("may overwrite an addend of the dtype of the result", () => {
    const pairs = (attributes: Partial<MatmulAttributes>, ...inputs: Tensor[]): unknown =>
      matmulOp.inPlace?.({ ...none, ...attributes }, inputs);
    expect(pairs({}, a, b)).toEqual([]);
    expect(pairs({ hasAddend: true }, a, b, addend)).toEqual([[0, 2]]);
    expect(pairs({ hasAddend: true, hasBias: true }, a, b, bias, addend)).toEqual([[0, 3]]);
    expect(pairs({ hasAddend: true, dtype: "bfloat16" }, a, b, addend)).toEqual([]);
  });

  it("encodes its attributes in order", () => {
    const attributes = { ...none, compute: "bfloat16", activation: "geluGradient" } as const;
    expect(encoded(apply(matmulOp, [a, b], attributes))).toEqual([0, 1, 1, 2, 0, 0, 0, 0, 0, K, N]);
    const flags = {
      ...none,
      hasBias: true,
      hasAddend: true,
      outputsPreactivation: true,
      packedB: true,
      geluB: true,
    };
    expect(encoded(apply(matmulOp, [a, b, bias, addend], flags))).toEqual([
      0,
      1,
      0,
      0,
      1,
      1,
      1,
      1,
      1,
      K,
      N,
    ]);
  });
});

describe("linear", () => {
  it("is x · weightᵀ + bias in the dtype of x, computed in bfloat16 if a factor is", () => {
    const result = linear(tensorOf([2, 4, K], "bfloat16"), tensorOf([N, K]), tensorOf([N]));
    expect(String(result)).toBe("bfloat16[2, 4, 3]");
    expect(result.node.attributes.compute).toBe("bfloat16");
    expect(linear(tensorOf([2, K]), tensorOf([N, K])).node.attributes.compute).toBe("float32");
  });

  it("refuses what does not fit, naming it", () => {
    expect(() => linear(tensorOf([2, 4]), tensorOf([N, K]))).toThrow(
      /matmul.*float32\[2, 4\] and float32\[3, 5\].*4 and 5/,
    );
    expect(() => linear(tensorOf([2, K]), tensorOf([N, K]), tensorOf([K]))).toThrow(
      /bias of shape \[3\]/,
    );
    expect(() => linear(tensorOf([2, K], "int32"), tensorOf([N, K]))).toThrow(
      /float32 or bfloat16/,
    );
  });

  it("works without rows", () => {
    expect(run(linear, { shape: [0, K] }, { shape: [N, K] })).toEqual([[]]);
  });
});
