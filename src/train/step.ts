/** One step of pre-training as a program: losses, gradients, clipping, AdamW, all in one run. */
import { type Program, compile } from "../backend/program.js";
import type { State } from "../backend/state.js";
import type { Transport } from "../backend/transport.js";
import { gradient } from "../graph/gradient.js";
import { affine } from "../graph/ops/affine.js";
import { clamp } from "../graph/ops/elementwise.js";
import { checkFinite } from "../graph/ops/update.js";
import { type Tensor, type TensorSpec, spec } from "../graph/tensor.js";
import type { FlavaForPretraining } from "../model/flava.js";
import type { Parameter } from "../nn/parameter.js";
import type { Batch } from "../data/batch/batch.js";
import { logitScaleBounds } from "../objective/contrastive.js";
import type { PretrainingModel } from "../objective/model.js";
import {
  type LossName,
  type LossWeights,
  counting,
  lossesOf,
  totalLoss,
} from "../objective/objectives.js";
import { type AdamWOptions, type Moments, adamW, adamWMoments, trainable } from "../optim/adamw.js";
import { clipByGlobalNorm } from "../optim/clip.js";
import { type ParameterRules, freezing } from "../optim/rules.js";

/** What training keeps between steps. */
export interface TrainingState<T> {
  readonly parameters: FlavaForPretraining<T>;
  readonly moments: Moments<T>;
  /** Steps made, float32 []. */
  readonly step: T;
  /** Sums of the gradients of the micro-batches of a step so far, by the parameters' paths, where a step has several. */
  readonly accumulated?: Readonly<Record<string, T>>;
}

/** The codebook only names visual tokens; it is not trained with the rest (flava.md 2.7). */
export const frozenCodebook: ParameterRules = freezing(["codebook"]);

/** The state of a training run before it has memory, for steps of so many `micro-batches`. */
export function trainingState(
  parameters: FlavaForPretraining<Parameter>,
  rules: ParameterRules = frozenCodebook,
  microBatches = 1,
): TrainingState<TensorSpec> {
  const moments = adamWMoments(parameters, rules);
  const alone = { parameters, moments, step: spec([]) };
  if (microBatches === 1) return alone;
  const sums = Object.entries(moments).map(([path, { first }]) => [path, spec(first.shape)]);
  return { ...alone, accumulated: Object.fromEntries(sums) as Record<string, TensorSpec> };
}

export interface UpdateOptions {
  /** Limit of the gradient's norm; without it gradients are not clipped, and each is used as soon as it is there. */
  readonly clip?: number;
  readonly optimizer?: AdamWOptions;
  /** The learning rate at a step, float32 []. */
  readonly learningRate: (step: Tensor) => Tensor;
}

export interface StepOptions extends Omit<PretrainingModel, "parameters">, UpdateOptions {
  readonly weights?: LossWeights;
  readonly transport?: Transport;
}

export type BatchSpec = Batch<TensorSpec>;
export type Inputs<B> = Omit<B, "kind">;

/**
 * The results of a step: every loss of the batch, their weighted sum, the learning rate, the norm of what was added to the
 * parameters, and the gradient's norm where clipped.
 */
export type StepOutputs = Partial<Record<LossName, Tensor>> & {
  readonly total: Tensor;
  readonly rate: Tensor;
  readonly updateNorm: Tensor;
  readonly norm?: Tensor;
};

/** Compiles a training step for batches of the kind and shapes of `batch`. */
export function trainingStep<B extends BatchSpec>(
  state: State<TrainingState<TensorSpec>>,
  batch: B,
  options: StepOptions,
): Program<Inputs<B>, StepOutputs> {
  const { kind, ...inputs } = batch;
  const { optimizer, weights, transport } = options;
  const carried = transport ? { transport } : {};
  return compile({ state, inputs: inputs as Inputs<B>, ...carried }, (s, given) => {
    const before = s as TrainingState<Tensor>;
    const { parameters } = before;
    const losses = counting(
      lossesOf({ ...options, parameters }, Object.assign({ kind }, given) as unknown as Batch),
      weights,
    );
    const total = checkFinite(totalLoss(losses, weights));
    const gradients = gradient(total, trainable(parameters, rulesOf(optimizer)));
    const next = update(before, gradients, options);
    return { outputs: { ...losses, total, ...next.outputs }, state: next.state };
  });
}

/** The rules of an optimizer and those that always hold. */
export function rulesOf({ rules = [] }: AdamWOptions = {}): ParameterRules {
  return [...rules, ...frozenCodebook];
}

type UpdatedParameters = ReturnType<typeof adamW<FlavaForPretraining<Tensor>>>["parameters"];

export interface Update {
  readonly outputs: Pick<StepOutputs, "rate" | "updateNorm" | "norm">;
  readonly state: {
    readonly parameters: UpdatedParameters;
    readonly moments: Moments<Tensor>;
    readonly step: Tensor;
  };
}

/** Clipping, AdamW and the bounds of the similarity factor; `gradients` is a tree like the parameters. */
export function update(
  before: TrainingState<Tensor>,
  gradients: unknown,
  { clip, learningRate, optimizer }: UpdateOptions,
): Update {
  const step = affine(before.step, 1, 1);
  const rate = learningRate(step);
  const clipping = clip === undefined ? undefined : clipByGlobalNorm(gradients, clip);
  const { parameters, moments } = before;
  const scale = clipping && { scale: clipping.scale };
  const { updateNorm, ...next } = adamW(
    { parameters, moments, gradients, step, learningRate: rate, ...scale },
    { ...optimizer, rules: rulesOf(optimizer) },
  );
  return {
    outputs: { rate, updateNorm, ...(clipping && { norm: clipping.norm }) },
    state: { ...next, parameters: boundLogitScale(next.parameters), step },
  };
}

/** Keeps the logarithm of the similarity factor within its bounds after the update (flava.md 1.6). */
function boundLogitScale(parameters: UpdatedParameters): UpdatedParameters {
  const { flava } = parameters;
  if (!flava?.logitScale) return parameters;
  return {
    ...parameters,
    flava: { ...flava, logitScale: clamp(flava.logitScale, ...logitScaleBounds) },
  };
}
