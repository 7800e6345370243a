/** Operations of the optimizer, some of which overwrite state, and the check for finite values. */
import { type Op, type ReferenceTensor, type Tensor, sameShape, spec } from "../tensor.js";
import { apply, applyAll, shapeError } from "../trace.js";
import { multiply } from "./arithmetic.js";
import { affine } from "./affine.js";

type None = Record<string, never>;

/** Throws the same message as the native kernels; the program then finds the operation that failed. */
function requireFinite({ data }: ReferenceTensor): void {
  if (!data.every((value: number) => Number.isFinite(value))) throw new Error("non-finite");
}

export type AdamWAttributes = {
  beta1: number;
  beta2: number;
  epsilon: number;
  weightDecay: number;
  /** Factor on the learning rate, for layer-wise decay. */
  rateFactor: number;
  hasScale: boolean;
};

/**
 * Inputs: parameter, first, second, gradient, learningRate, step, the scale if any. Results: the first three, updated,
 * and the squared norm of the update.
 */
const adamWOp: Op<AdamWAttributes> = {
  name: "adamW",
  update: true,
  infer(inputs) {
    const stored = inputs.slice(0, 3);
    const scalars = inputs.slice(4);
    const alike = inputs.slice(0, 4).every(({ shape }) => sameShape(shape, inputs[0]!.shape));
    if (!alike || stored.some(({ dtype }) => dtype !== "float32")) {
      const expected =
        "a parameter and its two moments, all float32, and its gradient, of one shape";
      throw shapeError("adamW", inputs.slice(0, 4), expected);
    }
    if (scalars.some(({ shape, dtype }) => shape.length !== 0 || dtype !== "float32")) {
      throw shapeError("adamW", scalars, "a learning rate, a step and a scale float32[]");
    }
    return [...stored, spec([])];
  },
  schema: {
    beta1: "number",
    beta2: "number",
    epsilon: "number",
    weightDecay: "number",
    rateFactor: "number",
    hasScale: "boolean",
  },
  inPlace: () => [
    [0, 0],
    [1, 1],
    [2, 2],
  ],
  reference({
    inputs,
    outputs: [newParameter, newFirst, newSecond, squaredUpdateNorm],
    attributes,
  }) {
    const [parameter, first, second, gradient, learningRate, step, scale] = inputs;
    if (!parameter || !first || !second || !gradient || !learningRate || !step) return;
    if (!newParameter || !newFirst || !newSecond || !squaredUpdateNorm) return;
    requireFinite(gradient);
    const { beta1, beta2, epsilon, weightDecay, rateFactor } = attributes;
    const rate = learningRate.data[0]! * rateFactor;
    const correction1 = 1 - beta1 ** step.data[0]!;
    const correction2 = 1 - beta2 ** step.data[0]!;
    let square = 0;
    for (let i = 0; i < parameter.data.length; i++) {
      const g = gradient.data[i]! * (scale?.data[0] ?? 1);
      const m = beta1 * first.data[i]! + (1 - beta1) * g;
      const v = beta2 * second.data[i]! + (1 - beta2) * g * g;
      const move = m / correction1 / (Math.sqrt(v / correction2) + epsilon);
      newFirst.data[i] = m;
      newSecond.data[i] = v;
      const before = parameter.data[i]!;
      const after = before * (1 - rate * weightDecay) - rate * move;
      newParameter.data[i] = after;
      square += (after - before) ** 2;
    }
    squaredUpdateNorm.data[0] = square;
  },
};

export interface AdamWInputs {
  readonly parameter: Tensor;
  /** Running means of the gradient and of its square, float32 like the parameter. */
  readonly first: Tensor;
  readonly second: Tensor;
  readonly gradient: Tensor;
  /** float32 []. */
  readonly learningRate: Tensor;
  /** float32 [], counted from 1. */
  readonly step: Tensor;
  /** float32 []: factor on the gradient, for clipping. */
  readonly scale?: Tensor | undefined;
}

export interface AdamWResults extends Pick<AdamWInputs, "parameter" | "first" | "second"> {
  /** The squared norm of the update of the parameter, float32 []. */
  readonly squaredUpdateNorm: Tensor;
}

/**
 * One step of AdamW with decoupled weight decay (Loshchilov and Hutter 2019, as torch.optim.AdamW): the new state,
 * which takes the place of the old one. A non-finite gradient stops the run before anything is changed.
 */
export function adamWUpdate(
  { parameter, first, second, gradient, learningRate, step, scale }: AdamWInputs,
  constants: Omit<AdamWAttributes, "hasScale">,
): AdamWResults {
  const inputs = [parameter, first, second, gradient, learningRate, step];
  if (scale) inputs.push(scale);
  const results = applyAll(adamWOp, inputs, { ...constants, hasScale: scale !== undefined });
  const [newParameter, newFirst, newSecond, squaredUpdateNorm] = results as [
    ...[Tensor, Tensor, Tensor, Tensor],
  ];
  return { parameter: newParameter, first: newFirst, second: newSecond, squaredUpdateNorm };
}

const sumOfSquaresOp: Op<None> = {
  name: "sumOfSquares",
  infer: () => [spec([])],
  gradient: ({ inputs }, [dy]) => inputs.map((x) => dy && affine(multiply(x, dy), 2, 0)),
  reference({ inputs, outputs: [y] }) {
    if (!y) return;
    let sum = 0;
    for (const { data } of inputs) for (const value of data) sum += value * value;
    y.data[0] = sum;
  },
};

/** The sum of the squares of all elements of all tensors: float32 []. */
export function sumOfSquares(tensors: readonly Tensor[]): Tensor {
  return apply(sumOfSquaresOp, tensors, {});
}

const checkFiniteOp: Op<None> = {
  name: "checkFinite",
  infer: ([x]) => [x!],
  gradient: (_call, [dy]) => [dy],
  inPlace: () => [[0, 0]],
  reference({ inputs: [x], outputs: [y] }) {
    if (!x || !y) return;
    requireFinite(x);
    y.data.set(x.data);
  },
};

/** x itself; the run fails with a `NonFiniteError` if any element is infinite or not a number. */
export function checkFinite(x: Tensor): Tensor {
  return apply(checkFiniteOp, [x], {});
}

const copyOp: Op<None> = {
  name: "copy",
  update: true,
  infer(inputs) {
    const [target, value] = inputs as [Tensor, Tensor];
    if (!sameShape(target.shape, value.shape) || target.dtype !== value.dtype) {
      throw shapeError("copy", inputs, "a value of the target's shape and dtype");
    }
    return [target];
  },
  inPlace: () => [[0, 0]],
  reference({ inputs: [, value], outputs: [y] }) {
    if (value) y?.data.set(value.data);
  },
};

/** Overwrites `target`, which is state, with `value` of the same shape and dtype; the result is the new state. */
export function copyInto(target: Tensor, value: Tensor): Tensor {
  return apply(copyOp, [target, value], {});
}
