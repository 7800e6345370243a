/** FLAVA's pre-training losses, as minimized by an optimizer step. */
import type { Partly } from "../../base/tree.js";
import type { Batch, BatchTensors, PairBatch } from "../../data/batch/batch.js";
import { clamp } from "../../graph/ops/elementwise.js";
import { fill } from "../../graph/ops/fill.js";
import { add, multiply } from "../../graph/ops/arithmetic.js";
import { type Tensor, type TensorSpec, spec } from "../../graph/tensor.js";
import type { FlavaForPretraining } from "../../model/flava.js";
import { contrastive, logitScaleBounds } from "../../objective/contrastive.js";
import { matchedRows } from "../../objective/masked.js";
import type { PretrainingModel } from "../../objective/model.js";
import {
  type LossName,
  type LossWeights,
  counting,
  objectivesOf,
  totalLoss,
} from "../../objective/objectives.js";
import { embedImages, embedTexts } from "../../objective/pair.js";
import { type ParameterRules, freezing } from "../../optim/rules.js";
import type { CachedLoss, Loss, MicroBatches, TracedLoss } from "../step/loss.js";
import {
  type ExtraLoss,
  type PretrainingInputs,
  type TracedBatch,
  type TracedExtra,
  extraSpecs,
  lossesOfBatch,
  scaledExtra,
  traceExtra,
} from "./extra-loss.js";
import { type MicroBatch, cutBatch, microBatchSpecs, shareSpecs } from "./micro-batches.js";

type Parameters = FlavaForPretraining<Tensor>;
type Inputs = PretrainingInputs<TensorSpec>;

export interface PretrainingLossOptions extends Omit<
  PretrainingModel,
  "parameters" | "world" | "gather"
> {
  /** Default: all 1. */
  readonly weights?: LossWeights;
  /** Losses besides those of FLAVA; default: none. */
  readonly extra?: readonly ExtraLoss[];
}

/** Frozen parts, including the codebook, which only provides visual tokens (paper, section 3.1). */
export function pretrainingRules(frozen: readonly string[] = []): ParameterRules {
  return freezing([...frozen, "codebook"]);
}

/** The weighted sum of a batch's losses; `batch` gives its kind and shapes. */
export function pretrainingLoss(
  batch: Batch<TensorSpec>,
  options: PretrainingLossOptions,
): Loss<Parameters, Inputs, MicroBatch<TensorSpec>> {
  const { weights } = options;
  const { kind, ...tensors } = batch;
  const extra = lossesOfBatch(options.extra ?? [], kind);
  const inputs = { ...tensors, ...(extra.length > 0 && { extra: extraSpecs(extra, batch) }) };
  return {
    inputs,
    trace: (parameters, { extra: further = {}, ...given }) => {
      const traced = tracedBatch({ ...options, parameters }, asBatch(kind, given));
      const objectives = Object.entries(counting(traced.objectives, weights));
      const losses = Object.fromEntries(objectives.map(([name, { loss }]) => [name, loss]));
      return weighted(losses, weights, traceExtra(extra, traced, further));
    },
    split: (count) =>
      pretrainingParts(Object.assign({ kind }, inputs) as Batch<TensorSpec>, extra, count, options),
  };
}

function tracedBatch(model: PretrainingModel, batch: Batch): Omit<TracedBatch, "inputs"> {
  return { model, batch, objectives: objectivesOf(model, batch) };
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
  extra: readonly ExtraLoss[],
  count: number,
  options: PretrainingLossOptions,
): MicroBatches<Parameters, Inputs, MicroBatch<TensorSpec>> {
  const { weights } = options;
  const part = microBatchSpecs(batch, count);
  const { kind, ...tensors } = part;
  return {
    inputs: { tensors, shares: shareSpecs },
    cut: (values) => cutBatch(batch, values, count),
    trace: (parameters, { tensors: { extra: further = {}, ...given }, shares }) => {
      const traced = tracedBatch({ ...options, parameters }, asBatch(kind, given));
      const { contrastive: cached, ...others } = counting(traced.objectives, weights);
      const losses = Object.entries(others).map(([name, { loss }]) => {
        return [name, multiply(loss, shares[name as keyof typeof shares])];
      });
      const more = scaledExtra(traceExtra(extra, traced, further), 1 / count);
      return {
        ...weighted(Object.fromEntries(losses) as Losses, weights, more),
        ...(cached && { embeddings: cached.embeddings }),
      };
    },
    ...(part.kind === "pair" &&
      weights?.contrastive !== 0 && { cached: cachedContrast(part, options) }),
  };
}

/** Losses with their weighted sum, 0 if there are none. */
function weighted(
  losses: Losses,
  weights?: LossWeights,
  extra: TracedExtra = { scalars: {}, terms: [] },
): TracedLoss {
  const own = Object.keys(losses).length === 0 ? [] : [totalLoss(losses, weights)];
  const terms = [...own, ...extra.terms];
  const total = terms.length === 0 ? fill([], 0) : terms.reduce(add);
  return { total, scalars: { ...losses, ...extra.scalars } };
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
