/** AdamW (Loshchilov and Hutter): Adam with weight decay that is decoupled from the gradient. */
import { type Partly, leavesOf, mapTree } from "../base/tree.js";
import { fill } from "../graph/ops/fill.js";
import { concatenate } from "../graph/ops/concatenate.js";
import { sqrt } from "../graph/ops/elementwise.js";
import { sum } from "../graph/ops/broadcast.js";
import { reshape } from "../graph/ops/reshape.js";
import { adamWUpdate } from "../graph/ops/update.js";
import { type Tensor, TensorSpec, spec } from "../graph/tensor.js";
import { type ParameterRules, ruleFor } from "./rules.js";

export interface AdamWOptions {
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
  /** Default 0.01. */
  readonly weightDecay?: number;
  /** Decay, learning rate and freezing by path. */
  readonly rules?: ParameterRules;
}

export interface AdamWInputs<P, M> {
  readonly parameters: P;
  readonly moments: M;
  /** A tree like the parameters, or a record by path; parameters without a gradient do not change. */
  readonly gradients: unknown;
  /** float32 []. */
  readonly learningRate: Tensor;
  /** Number of this step, counted from 1, float32 []. */
  readonly step: Tensor;
  /** Multiplies every gradient, float32 []; from `clipByGlobalNorm`. */
  readonly scale?: Tensor;
}

/** First and second moments of each parameter, by path. */
export type Moments<T> = Readonly<Record<string, { readonly first: T; readonly second: T }>>;

/** AdamW's state for a tree of parameters: two float32 moments for each, none for frozen ones. */
export function adamWMoments(parameters: unknown, rules: ParameterRules = []): Moments<TensorSpec> {
  const moments: Record<string, { first: TensorSpec; second: TensorSpec }> = {};
  for (const [path, { shape }] of leavesOf<TensorSpec>(parameters)) {
    if (!ruleFor(rules, path).frozen) moments[path] = { first: spec(shape), second: spec(shape) };
  }
  return moments;
}

/** A tree of parameters in which frozen ones are undefined. */
export function trainable<S>(parameters: S, rules: ParameterRules): S {
  return mapTree(parameters, (leaf: Tensor, path) =>
    ruleFor(rules, path).frozen ? undefined : leaf,
  ) as S;
}

export interface AdamWStep<P> {
  /** New values of the parameters that have a gradient. */
  readonly parameters: Partly<P, Tensor>;
  readonly moments: Moments<Tensor>;
  /** Euclidean norm of the change of all parameters, float32 []. */
  readonly updateNorm: Tensor;
}

/** One step for all parameters. */
export function adamW<P>(
  { parameters, moments, gradients, learningRate, step, scale }: AdamWInputs<P, Moments<Tensor>>,
  options: AdamWOptions = {},
): AdamWStep<P> {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0.01, rules = [] } = options;
  const gradientAt = new Map(leavesOf<Tensor>(gradients));
  const nextMoments: Record<string, { first: Tensor; second: Tensor }> = {};
  const squaredNorms: Tensor[] = [];
  const next = mapTree(parameters, (parameter: Tensor, path) => {
    const own = moments[path];
    const gradient = gradientAt.get(path);
    if (!own || !gradient) return undefined;
    const rule = ruleFor(rules, path);
    const updated = adamWUpdate(
      { parameter, ...own, gradient, learningRate, step, scale },
      {
        beta1,
        beta2,
        epsilon,
        weightDecay: rule.weightDecay ?? weightDecay,
        rateFactor: rule.rateFactor ?? 1,
      },
    );
    nextMoments[path] = { first: updated.first, second: updated.second };
    squaredNorms.push(reshape(updated.squaredUpdateNorm, [1]));
    return updated.parameter;
  });
  const updateNorm =
    squaredNorms.length === 0 ? fill([], 0) : sqrt(sum(concatenate(squaredNorms, 0)));
  return { parameters: next as Partly<P, Tensor>, moments: nextMoments, updateNorm };
}
