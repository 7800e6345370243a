import { describe, expect, it } from "vitest";
import { closeTo } from "../../../test/close-to.js";
import { type Argument, checkGradient, randomValues, run } from "../../../test/gradient-check.js";
import { placeholder } from "../placeholder.js";
import { type Dtype, type Shape, type Tensor, spec } from "../tensor.js";
import { linearCrossEntropy, softmaxCrossEntropy } from "./cross-entropy.js";
import { linear } from "./matmul.js";

const tensorOf = (shape: Shape, dtype: Dtype = "float32"): Tensor =>
  placeholder(spec(shape, dtype), "x");
const labels: Argument = {
  shape: [4],
  dtype: "int32",
  values: [2, 0, -100, 1],
  differentiable: false,
};
const weights: Argument = { shape: [4], values: [1, 0.5, 0, 2], differentiable: false };

describe("softmaxCrossEntropy", () => {
  const logits: Argument = { shape: [4, 3], values: randomValues(12, 5) };

  it("is the weighted logarithm of the label's share; rows of weight 0 are skipped", () => {
    const rows = [0, 1, 2, 3].map((row) => Array.from(logits.values!).slice(3 * row, 3 * row + 3));
    const expected = rows.map((row, i) => {
      const total = row.reduce((sum, logit) => sum + Math.exp(logit), 0);
      const label = Array.from(labels.values!)[i]!;
      return label < 0 ? 0 : -weights.values![i]! * Math.log(Math.exp(row[label]!) / total);
    });
    expect(run(softmaxCrossEntropy, logits, labels, weights)[0]).toEqual(closeTo(expected));
  });

  it("has a gradient for the logits, exactly 0 in rows of weight 0", () => {
    checkGradient(softmaxCrossEntropy, logits, labels, weights);
    checkGradient(softmaxCrossEntropy, { ...logits, dtype: "bfloat16" }, labels, weights);
    const [result] = run(
      (x, y, w, dLoss) => {
        const { node } = softmaxCrossEntropy(x, y, w);
        return [node.op.gradient!(node, [dLoss])[0]!];
      },
      { shape: [1, 2], values: [NaN, Infinity] },
      { ...labels, shape: [1], values: [9] },
      { shape: [1], values: [0] },
      { shape: [1] },
    );
    expect(result).toEqual([0, 0]);
  });

  it("refuses labels out of range, naming them", () => {
    expect(() =>
      run(softmaxCrossEntropy, logits, { ...labels, values: [2, 3, 0, 0] }, weights),
    ).toThrow("the label of row 1 is 3, but expected 0 to 2");
  });

  it("refuses shapes and dtypes that do not fit", () => {
    const int32 = tensorOf([4], "int32");
    expect(() => softmaxCrossEntropy(tensorOf([4, 3]), int32, tensorOf([3]))).toThrow(
      /float32\[4, 3\] and int32\[4\] and float32\[3\]/,
    );
    expect(() => softmaxCrossEntropy(tensorOf([4, 3]), tensorOf([4]), tensorOf([4]))).toThrow(
      /int32/,
    );
  });
});

describe("linearCrossEntropy", () => {
  const x: Argument = { shape: [4, 5] };
  const weight: Argument = { shape: [3, 5] };
  const bias: Argument = { shape: [3] };

  it.each([1, 3, 4, 100])(
    "is the cross entropy of a linear layer, %d rows at a time",
    (rowsPerBlock) => {
      const [blocked, whole] = run(
        (a, b, c, y, w) => [
          linearCrossEntropy(a, b, c, y, w, { rowsPerBlock }),
          softmaxCrossEntropy(linear(a, b, c), y, w),
        ],
        x,
        weight,
        bias,
        labels,
        weights,
      );
      expect(blocked).toEqual(whole);
      checkGradient(
        (...inputs) =>
          linearCrossEntropy(...(inputs as [Tensor, Tensor, Tensor, Tensor, Tensor]), {
            rowsPerBlock,
          }),
        x,
        weight,
        bias,
        labels,
        weights,
      );
    },
  );

  it("makes logits in float32 from factors in bfloat16, and none without rows", () => {
    const block = linearCrossEntropy(
      tensorOf([4, 5], "bfloat16"),
      tensorOf([3, 5]),
      tensorOf([3]),
      tensorOf([4], "int32"),
      tensorOf([4]),
      { rowsPerBlock: 4, compute: "bfloat16" },
    );
    const logits = block.node.inputs[0]!;
    expect(String(logits)).toBe("float32[4, 3]");
    expect(logits.node.attributes.compute).toBe("bfloat16");
    const nothing = { ...labels, shape: [0], values: [] };
    const empty = run(
      (a, b, c, y, w) => linearCrossEntropy(a, b, c, y, w, { rowsPerBlock: 8 }),
      { shape: [0, 5] },
      weight,
      bias,
      nothing,
      { shape: [0] },
    );
    expect(empty).toEqual([[]]);
  });
});
