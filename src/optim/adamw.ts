/** AdamW (Loshchilov and Hutter): Adam with weight decay that is decoupled from the gradient. */
import { type Mapped, type Partly, type TreeOf, leavesOf, mapTree } from "../base/tree.js";
import { fill } from "../graph/ops/fill.js";
import { concatenate } from "../graph/ops/concatenate.js";
import { sqrt } from "../graph/ops/elementwise.js";
import { sum } from "../graph/ops/broadcast.js";
import { reshape } from "../graph/ops/reshape.js";
import { type AdamWState, adamWUpdate } from "../graph/ops/update.js";
import { type Tensor, TensorSpec, spec } from "../graph/tensor.js";
import { type ParameterRules, requireRules, ruleFor } from "./rules.js";

/** Constants of AdamW. */
export interface AdamWOptions {
  /** Decay of the mean of gradients; default 0.9. */
  readonly beta1?: number;
  /** Decay of the mean of squared gradients; default 0.999. */
  readonly beta2?: number;
  /** Added to the root of the second moment; default 1e-8. */
  readonly epsilon?: number;
  /** Default 0.01. */
  readonly weightDecay?: number;
  /** Decay, learning rate and freezing by path. */
  readonly rules?: ParameterRules;
}

/** What a step of AdamW reads. `P` is the tree of parameters, `M` the moments. */
export interface AdamWInputs<P, M> {
  /** A tree of tensors, which are state. */
  readonly parameters: P;
  /** As `adamWMoments` declares them, also state. */
  readonly moments: M;
  /** A tree like the parameters, or a record by path; parameters without a gradient do not change. */
  readonly gradients: Gradients<P>;
  /** float32 []. */
  readonly learningRate: Tensor;
  /** Number of this step, counted from 1, float32 []. */
  readonly step: Tensor;
  /** Multiplies every gradient, float32 []; from `clipByGlobalNorm`. */
  readonly scale?: Tensor;
}

/** Gradients of a tree of parameters: one of the same structure, as `gradient` gives, or a record by path. */
export type Gradients<P> =
  Mapped<P, Tensor, Tensor | undefined> | Readonly<Record<string, Tensor | undefined>>;

/** First and second moments of each parameter, by path. */
export type Moments<T> = Readonly<Record<string, { readonly first: T; readonly second: T }>>;

/**
 * AdamW's state for a tree of parameters: two float32 moments for each, none for frozen ones.
 * @throws Error if a rule matches no parameter
 */
export function adamWMoments<P extends TreeOf<P, TensorSpec>>(
  parameters: P,
  rules: ParameterRules = [],
): Moments<TensorSpec> {
  requireRules(parameters, rules);
  const moments: Record<string, { first: TensorSpec; second: TensorSpec }> = {};
  for (const [path, { shape }] of leavesOf<TensorSpec>(parameters)) {
    if (!ruleFor(rules, path).frozen) moments[path] = { first: spec(shape), second: spec(shape) };
  }
  return moments;
}

/** The tree of parameters with those that `rules` freeze replaced by undefined: what `gradient` should be asked for. */
export function trainable<S>(parameters: S, rules: ParameterRules): S {
  return mapTree(parameters, (leaf: Tensor, path) =>
    ruleFor(rules, path).frozen ? undefined : leaf,
  ) as S;
}

/** What a step of AdamW gives: new values of state. */
export interface AdamWStep<P> {
  /** New values of the parameters that have a gradient. */
  readonly parameters: Partly<P, Tensor>;
  /** New values of all moments. */
  readonly moments: Moments<Tensor>;
  /** Euclidean norm of the change of all parameters, float32 []. */
  readonly updateNorm: Tensor;
}

/**
 * One step of AdamW (Loshchilov and Hutter 2019) for all parameters that have moments and a gradient.
 *
 * @returns new values, for `compile` to put into the state
 * @throws Error if a gradient or moments are at a path where there is no parameter
 */
export function adamW<P>(
  inputs: AdamWInputs<P, Moments<Tensor>>,
  options: AdamWOptions = {},
): AdamWStep<P> {
  const paths = leavesOf(inputs.parameters).map(([path]) => path);
  const gradients = leavesOf(inputs.gradients).map(([path]) => path);
  requireSamePaths("gradient", gradients, paths);
  requireSamePaths("moments", Object.keys(inputs.moments), paths);
  return adamWOfRanges(inputs, options, () => 0);
}

/** A gradient elsewhere would be left out, and its parameter stay as it is. */
function requireSamePaths(
  what: string,
  given: readonly string[],
  parameters: readonly string[],
): void {
  const known = new Set(parameters);
  const stray = given.find((path) => !known.has(path));
  if (stray === undefined) return;
  throw new Error(
    `adamW was given a ${what} at "${stray}", where there is no parameter; the first parameter is at "${parameters[0]}". ` +
      "It expects parameters, gradients and moments of one structure.",
  );
}

/**
 * The step, of which gradients and moments may be those of more parameters.
 * @param beginOf where the moments of a parameter begin, which may be those of a range of its numbers only
 */
export function adamWOfRanges<P>(
  inputs: AdamWInputs<P, Moments<Tensor>>,
  options: AdamWOptions,
  beginOf: (parameter: Tensor) => number,
): AdamWStep<P> {
  const parameters = new Map<string, Tensor>();
  const moments: Record<string, { first: Tensor; second: Tensor }> = {};
  const squaredNorms = [...groupsOf(inputs, options)].map(({ constants, members: whole }) => {
    const members = whole.map((member) => ({ ...member, begin: beginOf(member.parameter) }));
    const { updated, squaredUpdateNorm } = adamWUpdate(members, inputs, constants);
    for (const [index, { path }] of members.entries()) {
      const { parameter, first, second } = updated[index]!;
      parameters.set(path, parameter);
      moments[path] = { first, second };
    }
    return reshape(squaredUpdateNorm, [1]);
  });
  const next = mapTree(inputs.parameters, (_: Tensor, path) => parameters.get(path));
  const updateNorm =
    squaredNorms.length === 0 ? fill([], 0) : sqrt(sum(concatenate(squaredNorms, 0)));
  return { parameters: next as Partly<P, Tensor>, moments, updateNorm };
}

/** Parameters that are updated in one pass over memory. */
interface Group {
  readonly constants: Parameters<typeof adamWUpdate>[2];
  readonly members: (AdamWState & { readonly path: string; readonly gradient: Tensor })[];
}

/**
 * The parameters that have a gradient, in groups with the same constants. Gradients that are scaled have all been computed
 * by then; without a scale, each parameter is a group of its own and is updated as soon as its gradient is complete.
 */
function groupsOf(
  { parameters, moments, gradients, scale }: AdamWInputs<unknown, Moments<Tensor>>,
  { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0.01, rules = [] }: AdamWOptions,
): Iterable<Group> {
  const gradientAt = new Map(leavesOf<Tensor>(gradients));
  const groups = new Map<string, Group>();
  for (const [path, parameter] of leavesOf<Tensor>(parameters)) {
    const own = moments[path];
    const gradient = gradientAt.get(path);
    if (!own || !gradient) continue;
    const { weightDecay: decay = weightDecay, rateFactor = 1 } = ruleFor(rules, path);
    const name = scale ? `${decay} ${rateFactor}` : path;
    const group = groups.get(name) ?? {
      constants: { beta1, beta2, epsilon, weightDecay: decay, rateFactor },
      members: [],
    };
    group.members.push({ path, parameter, ...own, gradient });
    groups.set(name, group);
  }
  return groups.values();
}
