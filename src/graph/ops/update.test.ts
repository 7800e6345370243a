import { describe, expect, it } from "vitest";
import { encodeAttributes } from "../../backend/encode.js";
import { checkGradient, run } from "../../../test/gradient-check.js";
import { placeholder } from "../placeholder.js";
import { type Tensor, spec } from "../tensor.js";
import { type AdamWState, adamWUpdate, checkFinite, copyInto, sumOfSquares } from "./update.js";

const stateOf = ({ parameter, first, second }: AdamWState): Tensor[] => [parameter, first, second];

const constants = { beta1: 0.9, beta2: 0.98, epsilon: 1e-6, weightDecay: 0.05, rateFactor: 1 };

/** One step from `state` (parameter, first, second). */
function step(
  state: readonly (readonly number[])[],
  gradient: readonly number[],
  number: number,
  {
    rate = 0.1,
    rateFactor = 1,
    scale,
  }: { rate?: number; rateFactor?: number; scale?: number } = {},
): number[][] {
  const vector = (values: readonly number[]) => ({ shape: [values.length], values });
  const scalars = [rate, number, ...(scale === undefined ? [] : [scale])];
  return run(
    (...inputs) => {
      const [parameter, first, second, gradient, learningRate, step, scale] = inputs as [
        Tensor,
        Tensor,
        Tensor,
        Tensor,
        Tensor,
        Tensor,
        Tensor?,
      ];
      const { updated, squaredUpdateNorm } = adamWUpdate(
        [{ parameter, first, second, gradient }],
        { learningRate, step, scale },
        { ...constants, rateFactor },
      );
      return [...stateOf(updated[0]!), squaredUpdateNorm];
    },
    ...[...state, gradient].map(vector),
    ...scalars.map((value) => ({ shape: [], values: [value] })),
  );
}

const start = [
  [1, -2, 0.5],
  [0, 0, 0],
  [0, 0, 0],
];
const close = (actual: readonly number[] | undefined, expected: readonly number[]) => {
  for (const [i, value] of expected.entries()) expect(actual?.[i]).toBeCloseTo(value, 12);
};

describe("adamWUpdate", () => {
  it("takes the steps of torch.optim.AdamW", () => {
    const first = step(start, [0.1, -0.2, 3], 1);
    close(first[0], [0.8950009999900002, -1.8900004999975, 0.39750003333332223]);
    const moves = first[0]!.map((after, i) => after - start[0]![i]!);
    close(first[3], [moves.reduce((sum, move) => sum + move * move, 0)]);
    const second = step(first.slice(0, 3), [0.3, 0.4, -1], 2);
    close(second[0], [0.7990985893891221, -1.9170557737031828, 0.35533604459937]);
    close(second[1], [0.039, 0.022, 0.17]);
    close(second[2], [0.001996, 0.003984, 0.1964]);
  });

  it("multiplies the gradient by the scale, and the rate by its factor", () => {
    const plain = step(start, [0.1, -0.2, 3], 1);
    close(step(start, [0.2, -0.4, 6], 1, { scale: 0.5 })[0], plain[0]!);
    close(step(start, [0.1, -0.2, 3], 1, { rate: 0.4, rateFactor: 0.25 })[0], plain[0]!);
  });

  it("stops at a gradient that is not finite", () => {
    for (const value of [NaN, Infinity, -Infinity]) {
      expect(() => step(start, [0.1, value, 3], 1)).toThrow(/^non-finite$/);
    }
  });

  it("updates several parameters as if one by one", () => {
    const vector = (values: readonly number[]) => ({ shape: [values.length], values });
    const operands = [[1, -2], [0.5], [0.1, 0.2], [0.3], [0.4, 0.5], [0.6], [-1, 2], [3]];
    const [both, alone] = [[0, 1], [1]].map((parameters) =>
      run(
        (...inputs) => {
          const [learningRate, step] = inputs.slice(8) as [Tensor, Tensor];
          const tensors = parameters.map((index) => {
            const [parameter, first, second, gradient] = [0, 1, 2, 3].map(
              (group) => inputs[2 * group + index]!,
            ) as [Tensor, Tensor, Tensor, Tensor];
            return { parameter, first, second, gradient };
          });
          const { updated } = adamWUpdate(tensors, { learningRate, step }, constants);
          return stateOf(updated.at(-1)!);
        },
        ...operands.map(vector),
        ...[0.1, 3].map((value) => ({ shape: [], values: [value] })),
      ),
    );
    expect(both).toEqual(alone);
  });

  it("overwrites its state", () => {
    const x = placeholder(spec([3]), "x");
    const scalar = placeholder(spec([]), "scalar");
    const tensors = { parameter: x, first: x, second: x, gradient: x };
    const { updated } = adamWUpdate(
      [tensors, tensors],
      { learningRate: scalar, step: scalar },
      constants,
    );
    const { node } = updated[0]!.parameter;
    expect(node.op.update).toBe(true);
    const pairs = [0, 1, 2, 3, 4, 5].map((index) => [index, index]);
    expect(node.op.inPlace?.(node.attributes, node.inputs)).toEqual(pairs);
    expect(encodeAttributes(node.op, node.attributes)).toEqual([
      ...[0.9, 0.98, 1e-6, 0.05, 1, 0],
      ...[0, 0], // where the moments of both parameters begin
    ]);
  });

  it("refuses what does not fit", () => {
    const of = (...shape: number[]): Tensor => placeholder(spec(shape), "x");
    const fits = { parameter: of(3), first: of(3), second: of(3), gradient: of(3) };
    const scalars = { learningRate: of(), step: of() };
    const update =
      (tensors: object, given: object = {}) =>
      () =>
        adamWUpdate([fits, { ...fits, ...tensors }], { ...scalars, ...given }, constants);
    expect(update({ gradient: of(4) })).toThrow("adamW was given float32[3]");
    expect(update({}, { step: of(1) })).toThrow("step");
    const half = placeholder(spec([3], "bfloat16"), "x");
    expect(update({ parameter: half })).toThrow("all float32");
    expect(update({ gradient: half })).not.toThrow();
  });
});

describe("sumOfSquares", () => {
  it("sums over all tensors", () => {
    const squares = (...tensors: Tensor[]): Tensor => sumOfSquares(tensors);
    const inputs = [
      { shape: [2], values: [3, 4] },
      { shape: [1, 2], values: [-1, 2] },
    ] as const;
    expect(run(squares, ...inputs)).toEqual([[30]]);
    expect(run(squares)).toEqual([[0]]);
    checkGradient(squares, { shape: [2, 3] }, { shape: [] }, { shape: [4] });
  });
});

describe("checkFinite", () => {
  it("passes finite values and their gradients", () => {
    expect(run(checkFinite, { shape: [2], values: [1, -1e300] })).toEqual([[1, -1e300]]);
    checkGradient(checkFinite, { shape: [2, 2] });
  });

  it("fails on others", () => {
    for (const value of [NaN, Infinity]) {
      expect(() => run(checkFinite, { shape: [2], values: [0, value] })).toThrow(/^non-finite$/);
    }
  });
});

describe("copyInto", () => {
  it("is the value, in the place of the target", () => {
    expect(run(copyInto, { shape: [2] }, { shape: [2], values: [5, 6] })).toEqual([[5, 6]]);
    const x = placeholder(spec([3], "int32"), "x");
    const { node } = copyInto(x, x);
    expect(node.op.update).toBe(true);
    expect(node.op.inPlace?.(node.attributes, [])).toEqual([[0, 0]]);
  });

  it("refuses another shape or dtype", () => {
    const target = placeholder(spec([3]), "target");
    expect(() => copyInto(target, placeholder(spec([4]), "x"))).toThrow("copy was given");
    expect(() => copyInto(target, placeholder(spec([3], "int32"), "x"))).toThrow("dtype");
  });
});
