import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { closeTo } from "../../../test/close-to.js";
import { type Argument, checkGradient, randomValues, run } from "../../../test/gradient-check.js";
import { placeholder } from "../placeholder.js";
import { type Dtype, type Shape, type Tensor, sizeOf, spec } from "../tensor.js";
import {
  add,
  divide,
  equal,
  less,
  maximum,
  minimum,
  multiply,
  select,
  subtract,
} from "./arithmetic.js";

const functions = {
  add: [add, (a: number, b: number) => a + b],
  subtract: [subtract, (a: number, b: number) => a - b],
  multiply: [multiply, (a: number, b: number) => a * b],
  divide: [divide, (a: number, b: number) => a / b],
  maximum: [maximum, Math.max],
  minimum: [minimum, Math.min],
  equal: [equal, (a: number, b: number) => Number(a === b)],
  less: [less, (a: number, b: number) => Number(a < b)],
} as const;
const names = Object.keys(functions) as (keyof typeof functions)[];
const differentiable = names.slice(0, 6);
const shapes: [Shape, Shape][] = [
  [[], []],
  [[3], []],
  [[], [2, 3]],
  [
    [2, 3],
    [2, 3],
  ],
  [[2, 3], [3]],
  [
    [2, 3],
    [2, 1],
  ],
  [
    [4, 1, 3],
    [2, 1],
  ],
  [
    [1, 1],
    [3, 2],
  ],
  [
    [0, 3],
    [1, 3],
  ],
];

const tensorOf = (shape: Shape, dtype: Dtype = "float32"): Tensor =>
  placeholder(spec(shape, dtype), "x");

/** A result shape, and two shapes that broadcast to it. */
const broadcastPair = fc
  .array(
    fc.record({
      size: fc.integer({ min: 1, max: 4 }),
      stretched: fc.constantFrom("a", "b", "neither"),
    }),
    { maxLength: 4 },
  )
  .chain((axes) => {
    const stretch = (which: string): Shape =>
      axes.map(({ size, stretched }) => (stretched === which ? 1 : size));
    // b may lack the leading axes along which it is stretched.
    const first = axes.findIndex(({ stretched }) => stretched !== "b");
    return fc.record({
      shape: fc.constant(axes.map(({ size }) => size)),
      a: fc.constant(stretch("a")),
      b: fc.integer({ min: 0, max: Math.max(first, 0) }).map((cut) => stretch("b").slice(cut)),
    });
  });

/** The element of a tensor of shape `from` at index `index` of `to`, computed by division. */
function elementAt(values: readonly number[], from: Shape, to: Shape, index: number): number {
  let position = 0;
  let stride = 1;
  let rest = index;
  for (let back = 1; back <= to.length; back++) {
    const coordinate = rest % to.at(-back)!;
    rest = Math.floor(rest / to.at(-back)!);
    const size = from.at(-back) ?? 1;
    if (back <= from.length && size > 1) position += coordinate * stride;
    stride *= size;
  }
  return values[position]!;
}

describe("arithmetic", () => {
  it.each(names)("%s broadcasts like numpy", (name) => {
    const [traced, plain] = functions[name];
    fc.assert(
      fc.property(broadcastPair, ({ shape, a, b }) => {
        const [x, y] = [randomValues(sizeOf(a), 0), randomValues(sizeOf(b), 1)];
        const [result] = run(traced, { shape: a, values: x }, { shape: b, values: y });
        const expected = Array.from({ length: sizeOf(shape) }, (_, i) =>
          plain(elementAt(x, a, shape, i), elementAt(y, b, shape, i)),
        );
        expect(result).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });

  describe.each(differentiable)("the gradient of %s", (name) => {
    it.each(shapes)("for shapes %j and %j", (a, b) => {
      // Keeps the divisor away from 0.
      const values = randomValues(sizeOf(b), 7).map((value) => value + 2 * Math.sign(value));
      checkGradient(functions[name][0], { shape: a }, { shape: b, values });
    });
  });

  it.each(names)("%s accepts a number on either side", (name) => {
    const [traced, plain] = functions[name];
    const values = [-2, 0.5, 3];
    const [right, left, both] = run((x) => [traced(x, 0.5), traced(0.5, x), traced(3, 2)], {
      shape: [3],
      values,
    });
    expect(right).toEqual(closeTo(values.map((value) => plain(value, 0.5))));
    expect(left).toEqual(closeTo(values.map((value) => plain(0.5, value))));
    expect(both).toEqual([plain(3, 2)]);
  });

  it.each(differentiable)("%s by a number has a gradient", (name) => {
    const [traced] = functions[name];
    checkGradient((x) => [traced(x, 0.7), traced(0.7, x)], { shape: [5] });
  });

  it("keeps bfloat16 only if both inputs have it, and with numbers", () => {
    const [float, brain] = [tensorOf([2]), tensorOf([2], "bfloat16")];
    expect(add(brain, brain).dtype).toBe("bfloat16");
    expect(add(brain, float).dtype).toBe("float32");
    expect(maximum(brain, 0).dtype).toBe("bfloat16");
    expect(less(brain, brain).dtype).toBe("float32");
    expect(equal(tensorOf([2], "int32"), 1).dtype).toBe("float32");
  });

  it("sums the gradient of a stretched bfloat16 input in its dtype", () => {
    const brain: Argument = { shape: [3], dtype: "bfloat16" };
    checkGradient(multiply, { shape: [2, 3] }, brain);
  });

  it("gives the gradient of equal elements to the first", () => {
    const tie = { shape: [2], values: [1, 1] };
    for (const choose of [maximum, minimum]) {
      const op = choose(tensorOf([2]), tensorOf([2])).node.op;
      expect(op.inPlace?.({}, [tensorOf([2]), tensorOf([2])])).toEqual([
        [0, 0],
        [0, 1],
      ]);
      const [da, db] = run(
        (a, b, dy) =>
          op.gradient!({ inputs: [a, b], outputs: [choose(a, b)], attributes: {} }, [
            dy,
          ]) as Tensor[],
        tie,
        tie,
        { shape: [2], values: [3, 4] },
      );
      expect([da, db]).toEqual([
        [3, 4],
        [0, 0],
      ]);
    }
  });

  it("works in place only if shape and dtype stay", () => {
    const { op } = add(tensorOf([2]), tensorOf([2])).node;
    const pairs = (a: Tensor, b: Tensor): unknown => op.inPlace?.({}, [a, b]);
    expect(pairs(tensorOf([2]), tensorOf([1]))).toEqual([[0, 0]]);
    expect(pairs(tensorOf([1]), tensorOf([2]))).toEqual([[0, 1]]);
    expect(pairs(tensorOf([1, 2]), tensorOf([2, 1]))).toEqual([]);
    expect(pairs(tensorOf([2], "bfloat16"), tensorOf([2]))).toEqual([[0, 1]]);
  });

  it("refuses shapes and dtypes that do not fit, naming them", () => {
    expect(() => add(tensorOf([2, 3]), tensorOf([2]))).toThrow(
      /add.*float32\[2, 3\] and float32\[2\]/,
    );
    expect(() => add(tensorOf([2], "int32"), tensorOf([2]))).toThrow(/float32 or bfloat16/);
    expect(() => less(tensorOf([2], "int8"), tensorOf([2]))).toThrow(/int32/);
  });
});

describe("select", () => {
  const condition: Argument = { shape: [2, 1], values: [1, 0], differentiable: false };

  it("selects a where the condition is not zero, b elsewhere", () => {
    const [result] = run(
      select,
      { shape: [2, 2], values: [1, 0, -1, 0] },
      { shape: [2], values: [3, 4] },
      { shape: [], values: [9] },
    );
    expect(result).toEqual([3, 9, 3, 9]);
  });

  it("has a gradient for both choices and none for the condition", () => {
    checkGradient(select, condition, { shape: [2, 3] }, { shape: [3] });
    checkGradient(select, condition, { shape: [], dtype: "bfloat16" }, { shape: [4, 2, 3] });
  });

  it("requires a float32 condition", () => {
    expect(() => select(tensorOf([2], "int32"), tensorOf([2]), tensorOf([2]))).toThrow(/condition/);
  });
});
