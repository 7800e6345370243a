import { describe, expect, it } from "vitest";
import { closeTo } from "../../../test/close-to.js";
import { encoded, evaluate } from "../../../test/evaluate.js";
import { checkGradient, randomValues, run } from "../../../test/gradient-check.js";
import { applyAll } from "../trace.js";
import { placeholder } from "../placeholder.js";
import { type Dtype, type Shape, type Tensor, spec } from "../tensor.js";
import { l2Normalize } from "./l2-normalize.js";
import { layerNorm, layerNormGradientOp } from "./layer-norm.js";
import { softmax } from "./softmax.js";

const tensorOf = (shape: Shape, dtype: Dtype = "float32"): Tensor =>
  placeholder(spec(shape, dtype), "x");

describe("layerNorm", () => {
  const epsilon = 0.01;
  const shape = [2, 3, 5];
  const values = randomValues(30, 4);

  it("brings every row to mean 0 and variance 1, then scales and shifts", () => {
    const gain = [1, 2, 3, 4, 5];
    const bias = [5, 4, 3, 2, 1];
    const [result] = run(
      (x, g, b) => layerNorm(x, g, b, { epsilon }),
      { shape, values },
      { shape: [5], values: gain },
      { shape: [5], values: bias },
    );
    const expected = values.map((value, i) => {
      const row = values.slice(i - (i % 5), i - (i % 5) + 5);
      const mean = row.reduce((a, b) => a + b) / 5;
      const variance = row.reduce((total, element) => total + (element - mean) ** 2, 0) / 5;
      return ((value - mean) / Math.sqrt(variance + epsilon)) * gain[i % 5]! + bias[i % 5]!;
    });
    expect(result).toEqual(closeTo(expected));
  });

  it.each(["float32", "bfloat16"] as const)("has a gradient for x in %s", (dtype) => {
    checkGradient(
      (x, g, b) => layerNorm(x, g, b, { epsilon, dtype: "float32" }),
      { shape, values, dtype },
      { shape: [5] },
      { shape: [5] },
    );
  });

  it("can add to the gradient of x", () => {
    const inputs = [[4, 3], [3], [4], [4], [4, 3]].map((size) => tensorOf(size));
    const addend = tensorOf([4, 3]);
    const feeds = new Map(
      [...inputs, addend].map((tensor, i) => [tensor, randomValues(tensor.size, i)]),
    );
    const plain = applyAll(layerNormGradientOp, inputs, { hasAddend: false });
    const added = applyAll(layerNormGradientOp, [...inputs, addend], { hasAddend: true });
    const [dx, dGain, dBias] = evaluate(plain, feeds) as [number[], number[], number[]];
    expect(evaluate(added, feeds)).toEqual([
      closeTo(dx.map((value, i) => value + feeds.get(addend)![i]!)),
      dGain,
      dBias,
    ]);
    expect([encoded(plain[0]!), encoded(added[0]!)]).toEqual([[0], [1]]);
    const pairs = (dtype: Dtype): unknown =>
      layerNormGradientOp.inPlace?.({ hasAddend: true }, [...inputs, tensorOf([4, 3], dtype)]);
    expect([pairs("float32"), pairs("bfloat16")]).toEqual([[[0, 5]], []]);
  });

  it("stores its result as it is told", () => {
    const x = tensorOf([2, 4]);
    const y = layerNorm(x, tensorOf([4]), tensorOf([4]), { epsilon, dtype: "bfloat16" });
    expect(y.node.outputs.map(String)).toEqual(["bfloat16[2, 4]", "float32[2]", "float32[2]"]);
    expect(encoded(y)).toEqual([epsilon]);
  });

  it("refuses gains of another width", () => {
    expect(() => layerNorm(tensorOf([2, 4]), tensorOf([3]), tensorOf([4]), { epsilon })).toThrow(
      /layerNorm.*float32\[2, 4\] and float32\[3\]/,
    );
  });
});

describe("l2Normalize", () => {
  it("divides rows by their length, or by epsilon where they are shorter", () => {
    const x = { shape: [3, 2], values: [3, 4, 0.003, 0.004, 0, 0] };
    const [result] = run((t) => l2Normalize(t, 0.1), x);
    expect(result).toEqual(closeTo([0.6, 0.8, 0.03, 0.04, 0, 0]));
    expect(encoded(l2Normalize(tensorOf([2, 2]), 0.1))).toEqual([0.1]);
  });

  it("has a gradient on both sides of epsilon", () => {
    checkGradient((x) => l2Normalize(x, 0.1), {
      shape: [3, 3],
      values: [3, 4, -1, 0.003, 0.004, 0.01, 0, 0, 0],
    });
    checkGradient((x) => l2Normalize(x), { shape: [2, 2, 4] });
  });
});

describe("softmax", () => {
  it("gives shares along the last axis, without overflow", () => {
    const [result] = run(softmax, { shape: [2, 2], values: [Math.log(3), 0, 1000, -1000] });
    expect(result).toEqual(closeTo([0.75, 0.25, 1, 0]));
  });

  it("has a gradient", () => {
    checkGradient(softmax, { shape: [2, 3, 4] });
    checkGradient(softmax, { shape: [3], dtype: "bfloat16" });
  });

  it("wants an axis", () => {
    expect(() => softmax(tensorOf([]))).toThrow(/softmax.*float32\[\]/);
  });
});
