/** FLAVA's pre-training losses, as minimized by an optimizer step. */
import type { Partly } from "../../base/tree.js";
import type { Batch, BatchTensors, PairBatch } from "../../data/batch/batch.js";
import { clamp } from "../../graph/ops/elementwise.js";
import { fill } from "../../graph/ops/fill.js";
import { multiply } from "../../graph/ops/arithmetic.js";
import { type Tensor, type TensorSpec, spec } from "../../graph/tensor.js";
import type { FlavaForPretraining } from "../../model/flava.js";
import { contrastive, logitScaleBounds } from "../../objective/contrastive.js";
import { matchedRows } from "../../objective/masked.js";
import type { PretrainingModel } from "../../objective/model.js";
import {
  type LossName,
  type LossWeights,
  counting,
  lossesOf,
  objectivesOf,
  totalLoss,
} from "../../objective/objectives.js";
import { embedImages, embedTexts } from "../../objective/pair.js";
import { type ParameterRules, freezing } from "../../optim/rules.js";
import type { CachedLoss, Loss, MicroBatches, TracedLoss } from "../step/loss.js";
import { type MicroBatch, cutBatch, microBatchSpecs, shareSpecs } from "./micro-batches.js";

type Parameters = FlavaForPretraining<Tensor>;
type Inputs = BatchTensors<TensorSpec>;

export interface PretrainingLossOptions extends Omit<
  PretrainingModel,
  "parameters" | "world" | "gather"
> {
  /** Default: all 1. */
  readonly weights?: LossWeights;
}

/** Frozen parts, including the codebook, which only provides visual tokens (paper, section 3.1). */
export function pretrainingRules(frozen: readonly string[] = []): ParameterRules {
  return freezing([...frozen, "codebook"]);
}

/** The weighted sum of a batch's losses; `batch` gives its kind and shapes. */
export function pretrainingLoss(
  { kind, ...inputs }: Batch<TensorSpec>,
  options: PretrainingLossOptions,
): Loss<Parameters, Inputs, MicroBatch<TensorSpec>> {
  const { weights } = options;
  return {
    inputs,
    trace: (parameters, given) => {
      const losses = counting(lossesOf({ ...options, parameters }, asBatch(kind, given)), weights);
      return { total: totalLoss(losses, weights), scalars: losses };
    },
    split: (count) => pretrainingParts({ kind, ...inputs } as Batch<TensorSpec>, count, options),
  };
}

/** Clamps the logit scale, stored as a logarithm, to its bounds after an update. */
export function boundLogitScale(
  parameters: Partly<Parameters, Tensor>,
): Partly<Parameters, Tensor> {
  const { flava } = parameters;
  if (!flava?.logitScale) return parameters;
  const logitScale = clamp(flava.logitScale, ...logitScaleBounds);
  return { ...parameters, flava: { ...flava, logitScale } };
}

function asBatch(kind: Batch["kind"], tensors: BatchTensors<Tensor>): Batch {
  return { kind, ...tensors } as Batch;
}

type Losses = Partial<Record<LossName, Tensor>>;

/**
 * All losses but the contrastive one are means over samples or targets: their sum over micro-batches equals that of the
 * batch if each is weighted by its share. The contrastive loss compares all images and texts of the whole batch.
 */
function pretrainingParts(
  batch: Batch<TensorSpec>,
  count: number,
  options: PretrainingLossOptions,
): MicroBatches<Parameters, Inputs, MicroBatch<TensorSpec>> {
  const { weights } = options;
  const part = microBatchSpecs(batch, count);
  const { kind, ...tensors } = part;
  return {
    inputs: { tensors, shares: shareSpecs },
    cut: (values) => cutBatch(batch, values, count),
    trace: (parameters, given) => {
      const objectives = objectivesOf({ ...options, parameters }, asBatch(kind, given.tensors));
      const { contrastive: cached, ...others } = counting(objectives, weights);
      const losses = Object.entries(others).map(([name, { loss }]) => {
        const share = given.shares[name as keyof typeof given.shares];
        return [name, multiply(loss, share)];
      });
      return {
        ...weighted(Object.fromEntries(losses) as Losses, weights),
        ...(cached && { embeddings: cached.embeddings }),
      };
    },
    ...(part.kind === "pair" &&
      weights?.contrastive !== 0 && { cached: cachedContrast(part, options) }),
  };
}

/** Losses with their weighted sum, 0 if there are none. */
function weighted(losses: Losses, weights?: LossWeights): TracedLoss {
  const isEmpty = Object.keys(losses).length === 0;
  return { total: isEmpty ? fill([], 0) : totalLoss(losses, weights), scalars: losses };
}

function cachedContrast(
  { match }: PairBatch<TensorSpec>,
  options: PretrainingLossOptions,
): CachedLoss<Parameters, Inputs, MicroBatch<TensorSpec>> {
  const embedding = spec([match.size, options.config.projection]);
  return {
    embeddings: { images: embedding, texts: embedding },
    embed: (parameters, { tensors }) => {
      const model = { ...options, parameters };
      const pairs = tensors as PairBatch;
      return { texts: embedTexts(model, pairs), images: embedImages(model, pairs) };
    },
    trace: (parameters, { images, texts }, inputs) => {
      const rows = matchedRows((inputs as PairBatch).match);
      const loss = contrastive({ ...options, parameters }, images!, texts!, rows);
      return weighted({ contrastive: loss }, options.weights);
    },
  };
}
