/** One step of pre-training as a program: losses, gradients, clipping, AdamW, all in one run. */
import type { Program } from "../backend/program.js";
import { compile } from "../backend/program.js";
import type { State } from "../backend/state.js";
import type { Transport } from "../backend/transport.js";
import { gradient } from "../graph/gradient.js";
import { affine, clamp } from "../graph/ops/elementwise.js";
import { checkFinite } from "../graph/ops/update.js";
import { type Tensor, type TensorSpec, spec } from "../graph/tensor.js";
import type { FlavaForPretraining } from "../model/flava.js";
import type { Parameter } from "../nn/parameter.js";
import type { Batch } from "../data/batch.js";
import { logitScaleBounds } from "../objective/contrastive.js";
import type { TracedModel } from "../objective/model.js";
import { type LossName, type LossWeights, lossesOf, totalLoss } from "../objective/objectives.js";
import { type AdamWOptions, type Moments, adamW, adamWMoments, trainable } from "../optim/adamw.js";
import { clipByGlobalNorm } from "../optim/clip.js";
import type { ParameterRules } from "../optim/rules.js";

/** What training keeps between steps. */
export interface TrainingState<T> {
  readonly parameters: FlavaForPretraining<T>;
  readonly moments: Moments<T>;
  /** Steps made, float32 []. */
  readonly step: T;
}

/** The codebook only names visual tokens; it is not trained with the rest (flava.md 2.7). */
export const frozenCodebook: ParameterRules = [["codebook/.*", { frozen: true }]];

/** The state of a training run before it has memory. */
export function trainingState(
  parameters: FlavaForPretraining<Parameter>,
  rules: ParameterRules = frozenCodebook,
): TrainingState<TensorSpec> {
  return { parameters, moments: adamWMoments(parameters, rules), step: spec([]) };
}

export interface StepOptions extends Omit<TracedModel, "parameters"> {
  readonly weights?: LossWeights;
  /** Limit of the gradient's norm; without it gradients are not clipped, and each is used as soon as it is there. */
  readonly clip?: number;
  readonly optimiser?: AdamWOptions;
  /** The learning rate at a step, float32 []. */
  readonly learningRate: (step: Tensor) => Tensor;
  readonly transport?: Transport;
}

type BatchSpec = Batch<TensorSpec>;
type Inputs<B> = Omit<B, "kind">;

/** The results of a step: every loss of the batch, their weighted sum, the learning rate, and the norm where clipped. */
export type StepOutputs = Partial<Record<LossName, Tensor>> & {
  readonly total: Tensor;
  readonly rate: Tensor;
  readonly norm?: Tensor;
};

/** Compiles a training step for batches of the kind and shapes of `batch`. */
export function trainingStep<B extends BatchSpec>(
  state: State<TrainingState<TensorSpec>>,
  batch: B,
  options: StepOptions,
): Program<Inputs<B>, StepOutputs> {
  const { kind, ...inputs } = batch;
  const { optimiser = {}, clip, learningRate, weights, transport, ...model } = options;
  const rules = [...(optimiser.rules ?? []), ...frozenCodebook];
  const carried = transport ? { transport } : {};
  return compile({ state, inputs: inputs as Inputs<B>, ...carried }, (s, given) => {
    const parameters = s.parameters as FlavaForPretraining<Tensor>;
    const losses = weighted(
      lossesOf({ ...model, parameters }, Object.assign({ kind }, given) as unknown as Batch),
      weights,
    );
    const total = checkFinite(totalLoss(losses, weights));
    const gradients = gradient(total, trainable(parameters, rules));
    const step = affine(s.step, 1, 1);
    const rate = learningRate(step);
    const clipping = clip === undefined ? undefined : clipByGlobalNorm(gradients, clip);
    const next = adamW(
      {
        ...s,
        parameters,
        gradients,
        step,
        learningRate: rate,
        ...(clipping && { scale: clipping.scale }),
      },
      { ...optimiser, rules },
    );
    const outputs = { ...losses, total, rate, ...(clipping && { norm: clipping.norm }) };
    return {
      outputs,
      state: { ...next, parameters: boundLogitScale(next.parameters), step },
    };
  });
}

/** The losses that count: what the others need is never computed. */
function weighted(
  losses: Partial<Record<LossName, Tensor>>,
  weights: LossWeights = {},
): Partial<Record<LossName, Tensor>> {
  return Object.fromEntries(
    Object.entries(losses).filter(([name]) => weights[name as LossName] !== 0),
  );
}

type UpdatedParameters = ReturnType<typeof adamW<FlavaForPretraining<Tensor>>>["parameters"];

/** Keeps the logarithm of the similarity factor within its bounds after the update (flava.md 1.6). */
function boundLogitScale(parameters: UpdatedParameters): UpdatedParameters {
  const { flava } = parameters;
  if (!flava?.logitScale) return parameters;
  return {
    ...parameters,
    flava: { ...flava, logitScale: clamp(flava.logitScale, ...logitScaleBounds) },
  };
}
