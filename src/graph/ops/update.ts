/** Operations of the optimizer, some of which overwrite state, and the check for finite values. */
import { type Op, type ReferenceTensor, type Tensor, sameShape, spec } from "../tensor.js";
import { apply, applyAll, shapeError } from "../trace.js";
import { multiply } from "./arithmetic.js";
import { affine } from "./affine.js";
import { type Range, blocksOf, numbersPerBlock } from "./block-ranges.js";

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
  /** The number of each parameter, and of its gradient, at which its moments begin. */
  begins: readonly number[];
};

/**
 * Inputs: all parameters, all first moments, all second moments, all gradients, learningRate, step, the scale if any.
 * Results: the first three groups, updated, and the squared norm of the update. Of a parameter whose moments are those of a range of
 * its numbers, that range is updated.
 */
const adamWOp: Op<AdamWAttributes> = {
  name: "adamW",
  update: true,
  infer(inputs, { hasScale, begins }) {
    const { groups, scalars } = operandsOf(inputs, hasScale);
    for (const [index, tensors] of groups.entries()) {
      const [parameter, first, second, gradient] = tensors;
      const isInside = first.shape.length === 1 && begins[index]! + first.size <= parameter.size;
      const alike =
        sameShape(gradient.shape, parameter.shape) &&
        sameShape(second.shape, first.shape) &&
        (sameShape(first.shape, parameter.shape) || isInside);
      if (alike && tensors.slice(0, 3).every(({ dtype }) => dtype === "float32")) continue;
      const expected =
        "a parameter and its two moments, all float32, and its gradient, of one shape, or moments of a range";
      throw shapeError("adamW", tensors, expected);
    }
    if (scalars.some(({ shape, dtype }) => shape.length !== 0 || dtype !== "float32")) {
      throw shapeError("adamW", scalars, "a learning rate, a step and a scale float32[]");
    }
    return [...inputs.slice(0, 3 * groups.length), spec([])];
  },
  schema: {
    beta1: "number",
    beta2: "number",
    epsilon: "number",
    weightDecay: "number",
    rateFactor: "number",
    hasScale: "boolean",
    begins: "numbers",
  },
  inPlace: ({ hasScale }, inputs) =>
    Array.from({ length: 3 * operandsOf(inputs, hasScale).groups.length }, (_, i) => [i, i]),
  reference({ inputs, outputs, attributes }) {
    const { groups, scalars } = operandsOf(inputs, attributes.hasScale);
    for (const [index, { 1: first, 3: gradient }] of groups.entries()) {
      const begin = attributes.begins[index]!;
      requireFinite({
        ...gradient,
        data: gradient.data.subarray(begin, begin + first.data.length),
      });
    }
    const count = groups.length;
    let square = 0;
    for (const [index, tensors] of groups.entries()) {
      const updated = [0, 1, 2].map((group) => outputs[group * count + index]!);
      square += referenceStep(tensors, updated, scalars, attributes, attributes.begins[index]!);
    }
    outputs.at(-1)!.data[0] = square;
  },
};

type Four<T> = readonly [T, T, T, T];

/** The operands of `adamW`: of each parameter itself, its moments and its gradient; and what they share. */
function operandsOf<T>(
  inputs: readonly T[],
  hasScale: boolean,
): { groups: readonly Four<T>[]; scalars: readonly T[] } {
  const scalars = inputs.slice(hasScale ? -3 : -2);
  const count = (inputs.length - scalars.length) / 4;
  const groups = Array.from({ length: count }, (_, index) => {
    const at = (group: number): T => inputs[group * count + index]!;
    return [at(0), at(1), at(2), at(3)] as const;
  });
  return { groups, scalars };
}

/** Updates one parameter and its moments; returns the squared norm of its update. */
function referenceStep(
  [parameter, first, second, gradient]: Four<ReferenceTensor>,
  [newParameter, newFirst, newSecond]: readonly ReferenceTensor[],
  [learningRate, step, scale]: readonly ReferenceTensor[],
  { beta1, beta2, epsilon, weightDecay, rateFactor }: AdamWAttributes,
  begin: number,
): number {
  if (!newParameter || !newFirst || !newSecond || !learningRate || !step) return 0;
  const rate = learningRate.data[0]! * rateFactor;
  const correction1 = 1 - beta1 ** step.data[0]!;
  const correction2 = 1 - beta2 ** step.data[0]!;
  let square = 0;
  for (let i = 0; i < first.data.length; i++) {
    const place = begin + i;
    const g = gradient.data[place]! * (scale?.data[0] ?? 1);
    const m = beta1 * first.data[i]! + (1 - beta1) * g;
    const v = beta2 * second.data[i]! + (1 - beta2) * g * g;
    const move = m / correction1 / (Math.sqrt(v / correction2) + epsilon);
    newFirst.data[i] = m;
    newSecond.data[i] = v;
    const before = parameter.data[place]!;
    const after = before * (1 - rate * weightDecay) - rate * move;
    newParameter.data[place] = after;
    square += (after - before) ** 2;
  }
  return square;
}

/** A parameter with its moments: running means of the gradient and of its square, float32 like the parameter. */
export interface AdamWState {
  readonly parameter: Tensor;
  readonly first: Tensor;
  readonly second: Tensor;
  /** Of moments of a range of the parameter's numbers, where it begins; default: 0. */
  readonly begin?: number;
}

export interface AdamWScalars {
  /** float32 []. */
  readonly learningRate: Tensor;
  /** float32 [], counted from 1. */
  readonly step: Tensor;
  /** float32 []: factor on the gradients, for clipping. */
  readonly scale?: Tensor | undefined;
}

export interface AdamWResults {
  /** The new state of each parameter, which takes the place of the old one. */
  readonly updated: readonly AdamWState[];
  /** The squared norm of the update of all parameters together, float32 []. */
  readonly squaredUpdateNorm: Tensor;
}

/**
 * One step of AdamW with decoupled weight decay (Loshchilov and Hutter 2019, as torch.optim.AdamW) on several parameters,
 * whose state is read and written in one pass. A gradient that is not finite stops the run; parts of other gradients may
 * have been applied then.
 */
export function adamWUpdate(
  tensors: readonly (AdamWState & { readonly gradient: Tensor })[],
  { learningRate, step, scale }: AdamWScalars,
  constants: Omit<AdamWAttributes, "hasScale" | "begins">,
): AdamWResults {
  const inputs = [
    ...tensors.map(({ parameter }) => parameter),
    ...tensors.map(({ first }) => first),
    ...tensors.map(({ second }) => second),
    ...tensors.map(({ gradient }) => gradient),
    ...[learningRate, step],
    ...(scale ? [scale] : []),
  ];
  const begins = tensors.map(({ begin = 0 }) => begin);
  const hasScale = scale !== undefined;
  const results = applyAll(adamWOp, inputs, { ...constants, hasScale, begins });
  const count = tensors.length;
  return {
    updated: tensors.map((_, index) => ({
      parameter: results[index]!,
      first: results[count + index]!,
      second: results[2 * count + index]!,
    })),
    squaredUpdateNorm: results.at(-1)!,
  };
}

const sumOfSquaresOp: Op<None> = {
  name: "sumOfSquares",
  infer: () => [spec([])],
  gradient: ({ inputs }, [dy]) => inputs.map((x) => dy && affine(multiply(x, dy), 2, 0)),
  reference({ inputs, outputs: [y] }) {
    if (!y) return;
    let sum = 0;
    for (const { data } of inputs) {
      for (let begin = 0; begin < data.length; begin += numbersPerBlock) {
        let block = 0;
        for (const value of data.subarray(begin, begin + numbersPerBlock)) block += value * value;
        sum += block;
      }
    }
    y.data[0] = sum;
  },
};

/** The sum of the squares of all elements of all tensors: float32 []. */
export function sumOfSquares(tensors: readonly Tensor[]): Tensor {
  return apply(sumOfSquaresOp, tensors, {});
}

const squaresByBlockOp: Op<{ ranges: readonly number[] }> = {
  name: "squaresByBlock",
  infer: (inputs) => [spec([inputs.reduce((sum, { size }) => sum + blocksOf(size), 0)])],
  schema: { ranges: "numbers" },
  reference({ inputs, outputs: [y], attributes: { ranges } }) {
    let place = 0;
    for (const [index, { data }] of inputs.entries()) {
      for (let begin = 0; begin < data.length; begin += numbersPerBlock) {
        const isOwn = ranges[2 * index]! <= begin && begin < ranges[2 * index + 1]!;
        const block = isOwn ? data.subarray(begin, begin + numbersPerBlock) : [];
        let sum = 0;
        for (const value of block) sum += value * value;
        y!.data[place++] = sum;
      }
    }
  },
};

/**
 * The sums of the squares of blocks of `numbersPerBlock` numbers, those of all tensors one after the other: float32 [blocks]. Blocks that
 * do not begin in the range of their tensor are 0.
 */
export function squaresByBlock(tensors: readonly Tensor[], ranges: readonly Range[]): Tensor {
  const borders = ranges.flatMap(({ begin, end }) => [begin, end]);
  return apply(squaresByBlockOp, tensors, { ranges: borders });
}

const sumInOrderOp: Op<None> = {
  name: "sumInOrder",
  infer: () => [spec([])],
  reference({ inputs: [x], outputs: [y] }) {
    let sum = 0;
    for (const value of x!.data) sum += value;
    y!.data[0] = sum;
  },
};

/** The sum of x, float32 [n], added up in order, in double precision: float32 []. */
export function sumInOrder(x: Tensor): Tensor {
  return apply(sumInOrderOp, [x], {});
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
