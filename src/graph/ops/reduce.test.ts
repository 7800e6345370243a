import { describe, expect, it } from "vitest";
import { closeTo } from "../../../test/close-to.js";
import { encoded } from "../../../test/evaluate.js";
import { checkGradient, randomValues, run } from "../../../test/gradient-check.js";
import { placeholder } from "../placeholder.js";
import { type Shape, type Tensor, spec } from "../tensor.js";
import { argmax, maximumOf, mean } from "./reduce.js";
import { sum } from "./broadcast.js";
import { stridesOf } from "./strides.js";

const tensorOf = (shape: Shape): Tensor => placeholder(spec(shape), "x");

/** The elements that are reduced together, by their coordinates. */
function groupsOf(values: readonly number[], shape: Shape, axes: readonly number[]): number[][] {
  const strides = stridesOf(shape);
  const groups = new Map<string, number[]>();
  values.forEach((value, i) => {
    const place = shape.map((size, axis) =>
      axes.includes(axis) ? 0 : Math.floor(i / strides[axis]!) % size,
    );
    const key = place.join(",");
    groups.set(key, [...(groups.get(key) ?? []), value]);
  });
  return [...groups.values()];
}

const shape = [2, 3, 1, 4, 2];
const values = randomValues(48, 3);
const choices: (readonly number[])[] = [
  [0],
  [4],
  [1, 2],
  [1, 3],
  [0, 2, 4],
  [2],
  [3, 0],
  [0, 1, 2, 3, 4],
  [],
];

describe.each(choices.map((axes) => [axes] as const))("over the axes %j", (axes) => {
  const groups = groupsOf(values, shape, axes);
  const total = (group: number[]): number => group.reduce((a, b) => a + b, 0);
  const argument = { shape, values };

  it("sum, mean and maximumOf have the right values", () => {
    const results = run((x) => [sum(x, axes), mean(x, axes), maximumOf(x, axes)], argument);
    expect(results).toEqual([
      closeTo(groups.map(total)),
      closeTo(groups.map((group) => total(group) / group.length)),
      closeTo(groups.map((group) => Math.max(...group))),
    ]);
  });

  it("the axes are removed, or kept with size 1", () => {
    const x = tensorOf(shape);
    expect(sum(x, axes).shape).toEqual(shape.filter((_, axis) => !axes.includes(axis)));
    expect(sum(x, axes, "float32", true).shape).toEqual(
      shape.map((size, axis) => (axes.includes(axis) ? 1 : size)),
    );
  });

  it("sum, mean and maximumOf have the right gradients", () => {
    checkGradient((x) => [sum(x, axes), mean(x, axes, true), maximumOf(x, axes, true)], argument);
  });
});

describe("sum", () => {
  it("reduces adjacent axes in one operation, even with axes of size 1 between them", () => {
    const result = sum(tensorOf([2, 3, 1, 5, 4]), [1, 3]);
    expect(result.shape).toEqual([2, 1, 4]);
    expect(encoded(result.node.inputs[0]!)).toEqual([1, 3]);
    expect(sum(tensorOf([3, 1]), [1]).node.op.name).toBe("reshape");
  });

  it("takes negative axes, all axes by default, and scalars", () => {
    expect(run((x) => [sum(x, [-1]), sum(x)], { shape: [2, 2], values: [1, 2, 3, 4] })).toEqual([
      [3, 7],
      [10],
    ]);
    expect(run((x) => sum(x), { shape: [], values: [5] })).toEqual([[5]]);
    expect(run((x) => sum(x, [0]), { shape: [0, 2] })).toEqual([[0, 0]]);
  });

  it("stores the result in the given dtype", () => {
    const x = placeholder(spec([2, 3, 2], "bfloat16"), "x");
    expect(sum(x, [0]).dtype).toBe("bfloat16");
    const wide = sum(x, [0, 2], "float32");
    expect(wide.dtype).toBe("float32");
    expect(mean(x).dtype).toBe("bfloat16");
    expect(sum(x, [0, 2]).node.inputs[0]?.dtype).toBe("float32");
    checkGradient((t) => sum(t, [0, 2], "float32"), { shape: [2, 3, 2], dtype: "bfloat16" });
  });

  it("refuses axes out of range", () => {
    expect(() => sum(tensorOf([2, 3]), [2])).toThrow(/sum.*float32\[2, 3\].*not 2/);
  });
});

describe("maximumOf", () => {
  it("shares the gradient among equal elements", () => {
    const [result] = run(
      (x, dy) => {
        const { node } = maximumOf(x, [1]);
        return [node.op.gradient!(node, [dy])[0]!];
      },
      { shape: [2, 3], values: [1, 4, 4, 7, 0, 1] },
      { shape: [2], values: [6, 5] },
    );
    expect(result).toEqual([0, 3, 3, 5, 0, 0]);
  });
});

describe("argmax", () => {
  it("is the index of the first maximum", () => {
    const x = { shape: [2, 2, 3], values: [1, 3, 3, -5, -4, -6, 0, 0, 0, 2, 1, 0] };
    expect(run(argmax, x)).toEqual([[1, 1, 0, 0]]);
    expect(String(argmax(tensorOf([2, 5])))).toBe("int32[2]");
  });

  it("refuses an empty row", () => {
    expect(() => argmax(tensorOf([2, 0]))).toThrow(/argmax.*float32\[2, 0\]/);
  });
});
