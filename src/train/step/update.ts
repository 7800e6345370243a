/** The state of an optimizer, and its update from gradients. */
import { type Partly, type TreeOf, leavesOf, mapTree } from "../../base/tree.js";
import { affine } from "../../graph/ops/affine.js";
import { add } from "../../graph/ops/arithmetic.js";
import { type Tensor, type TensorSpec, spec } from "../../graph/tensor.js";
import {
  type AdamWOptions,
  type Gradients,
  type Moments,
  adamW,
  adamWMoments,
} from "../../optim/adamw.js";
import { clipByGlobalNorm, clipByNorm } from "../../optim/clip.js";
import type { Division } from "../../optim/division.js";
import type { ParameterRules } from "../../optim/rules.js";
import { type PartCounts, PartialSums } from "./tree-sum.js";

/** State kept between steps: `P` is the tree of parameters, `T` its leaves. */
export interface OptimizerState<P, T> {
  /** The tree of parameters. */
  readonly parameters: P;
  /** Exponential moving average of the parameters, if kept. */
  readonly average?: P;
  /** Two for each parameter that is not frozen. */
  readonly moments: Moments<T>;
  /** Number of steps done, float32 []. */
  readonly step: T;
  /** Sums of gradients of parts of a step, by level (see `PartialSums`) and the path of the parameter. */
  readonly accumulated?: Readonly<Record<number, Readonly<Record<string, T>>>>;
}

/** What the state of an optimizer has room for. */
export interface OptimizerStateOptions extends PartCounts {
  /** Frozen parameters have no moments. */
  readonly rules?: ParameterRules;
  /** Keeps a moving average of the parameters; default false. */
  readonly average?: boolean;
}

/**
 * The shapes of all that `optimizerStep` keeps for a tree of parameters: `new State(backend, optimizerState(parameters))`.
 * @throws Error if a rule matches no parameter
 */
export function optimizerState<P extends TreeOf<P, TensorSpec>>(
  parameters: P,
  { rules = [], average = false, ...counts }: OptimizerStateOptions = {},
): OptimizerState<P, TensorSpec> {
  const all = adamWMoments(parameters, rules);
  // Plain specifications: initialization draws parameters only.
  const averages = mapTree(parameters, ({ shape }: TensorSpec) => spec(shape)) as unknown as P;
  const level = Object.fromEntries(Object.entries(all).map(([path, { first }]) => [path, first]));
  const sums = new PartialSums(counts);
  const levels = Array.from({ length: sums.levels }, (_, index) => [index, level]);
  return {
    parameters,
    ...(average && { average: averages }),
    moments: all,
    step: spec([]),
    ...(levels.length > 0 && {
      accumulated: Object.fromEntries(levels) as Readonly<
        Record<number, Record<string, TensorSpec>>
      >,
    }),
  };
}

/** How parameters are updated from gradients. */
export interface UpdateOptions<P> {
  /** Constants of AdamW, and rules by path; default: those of `adamW`. */
  readonly optimizer?: AdamWOptions;
  /** Maximum gradient norm. Without it, each gradient is applied as soon as it is complete, which saves memory. */
  readonly clip?: number;
  /** The learning rate, float32 [], at a step counted from 1. */
  readonly learningRate: (step: Tensor) => Tensor;
  /** The division of the state among processes, if it is divided. */
  readonly divided?: Division | undefined;
  /** Decay of the moving average, if the state has one; default 0.999. */
  readonly averaging?: number;
  /** Moves updated parameters into their permitted range. */
  readonly constrain?: (parameters: Partly<P, Tensor>) => Partly<P, Tensor>;
}

/** float32 [] each. */
export interface UpdateOutputs {
  readonly learningRate: Tensor;
  /** Euclidean norm of the change of all parameters. */
  readonly updateNorm: Tensor;
  /** Euclidean norm of all gradients before clipping; only if they are clipped. */
  readonly gradientNorm?: Tensor;
}

export interface Update<P> {
  readonly outputs: UpdateOutputs;
  /** New values of the state. */
  readonly state: Partly<OptimizerState<P, Tensor>, Tensor>;
}

/** Number of the current step, counted from 1: float32 []. */
export function currentStep({ step }: Pick<OptimizerState<unknown, Tensor>, "step">): Tensor {
  return affine(step, 1, 1);
}

/**
 * Clipping, AdamW and moving average.
 *
 * @param tree of gradients; parameters without one do not change
 * @throws Error if there are none, since nothing would be learned
 */
export function update<P>(
  before: OptimizerState<P, Tensor>,
  tree: Gradients<P>,
  options: UpdateOptions<P>,
): Update<P> {
  const gradients = Object.fromEntries(leavesOf<Tensor>(tree));
  if (Object.keys(gradients).length === 0) {
    throw new Error(
      "The loss depends on no parameter that is trained, so a step would change nothing. Compute it from the parameters that " +
        "the traced function is given, and freeze fewer of them.",
    );
  }
  const { clip, learningRate: rateAt, optimizer, averaging = 0.999, constrain, divided } = options;
  const step = currentStep(before);
  const learningRate = rateAt(step);
  const clipping =
    clip === undefined
      ? undefined
      : divided
        ? clipByNorm(divided.norm(gradients), clip)
        : clipByGlobalNorm(gradients, clip);
  const inputs = {
    parameters: before.parameters,
    moments: before.moments,
    gradients,
    step,
    learningRate,
    ...(clipping && { scale: clipping.scale }),
  };
  const { updateNorm, moments, ...updated } = divided
    ? divided.adamW(inputs, optimizer)
    : adamW(inputs, optimizer);
  const parameters = constrain?.(updated.parameters) ?? updated.parameters;
  const average = before.average && averaged(before.average, parameters, averaging);
  // A step counts once its gradients are known to be finite.
  const counted = clipping ? add(step, affine(clipping.norm, 0, 0)) : step;
  return {
    outputs: { learningRate, updateNorm, ...(clipping && { gradientNorm: clipping.norm }) },
    state: {
      parameters,
      moments,
      step: counted,
      ...(average && { average }),
    } as Update<P>["state"],
  };
}

/** The moving average after an update of the parameters. */
function averaged<P>(average: P, parameters: Partly<P, Tensor>, kept: number): P {
  const updated = new Map(leavesOf<Tensor>(parameters));
  return mapTree(average, (old: Tensor, path) => {
    const now = updated.get(path);
    return now ? add(affine(old, kept, 0), affine(now, 1 - kept, 0)) : old;
  }) as P;
}
