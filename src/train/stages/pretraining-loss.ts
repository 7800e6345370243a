/** FLAVA's pre-training losses, as minimized by an optimizer step. */
import type { Partly } from "../../base/tree.js";
import type { Batch, BatchTensors, PairBatch } from "../../data/batch/batch.js";
import { clamp } from "../../graph/ops/elementwise.js";
import { fill } from "../../graph/ops/fill.js";
import { add, multiply } from "../../graph/ops/arithmetic.js";
import { type Tensor, type TensorSpec, spec } from "../../graph/tensor.js";
import type { FlavaForPretraining } from "../../model/flava.js";
import { logitMultiplier, logitScaleBounds } from "../../model/logit-scale.js";
import { type PairEmbeddings, contrastiveAmong } from "../../objective/contrastive.js";
import { matchedRows } from "../../objective/masked.js";
import type { PretrainingModel } from "../../objective/model.js";
import {
  type LossName,
  type LossWeights,
  counting,
  lossNames,
  objectivesOf,
  totalLoss,
} from "../../objective/objectives.js";
import { embedImages, embedTexts } from "../../objective/pair.js";
import { type ParameterRules, freezing } from "../../optim/rules.js";
import type { Comparison, Loss, LossOfParts, TracedLoss } from "../step/loss.js";
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
import { countsOf, cutBatch, microBatchSpecs, sharesOf } from "./micro-batches.js";

/** The model's sizes and precision, and which losses count how much. */
export interface PretrainingLossOptions extends Omit<PretrainingModel, "parameters"> {
  /** Default: all 1. */
  readonly weights?: LossWeights;
  /** Losses besides those of FLAVA; default: none. */
  readonly extra?: readonly ExtraLoss[];
}

/** Frozen parts, including the codebook, which only provides visual tokens (paper, section 3.1). */
export function pretrainingRules(frozen: readonly string[] = []): ParameterRules {
  return freezing([...frozen, "codebook"]);
}

/**
 * The weighted sum of FLAVA's losses of a batch (flava.md 3), for `optimizerStep`.
 *
 * @param batch its kind and shapes
 */
export function pretrainingLoss(
  batch: Batch<TensorSpec>,
  options: PretrainingLossOptions,
): Loss<FlavaForPretraining<Tensor>, PretrainingInputs<TensorSpec>> {
  const { weights } = options;
  const { kind, ...tensors } = batch;
  const extra = lossesOfBatch(options.extra ?? [], kind);
  const inputs = { ...tensors, ...(extra.length > 0 && { extra: extraSpecs(extra, batch) }) };
  return {
    inputs,
    trace: (parameters, { extra: further = {}, ...given }) => {
      const traced = tracedBatch({ ...options, parameters }, asBatch(kind, given), weights);
      const objectives = Object.entries(counting(traced.objectives, weights));
      const losses = Object.fromEntries(objectives.map(([name, { loss }]) => [name, loss]));
      return weighted(losses, weights, traceExtra(extra, traced, further));
    },
    split: (count) =>
      pretrainingParts(Object.assign({ kind }, inputs) as Batch<TensorSpec>, extra, count, options),
  };
}

function tracedBatch(
  model: PretrainingModel,
  batch: Batch,
  weights: LossWeights | undefined,
): Omit<TracedBatch, "inputs"> {
  return { model, batch, objectives: objectivesOf(model, batch, weights) };
}

/** Clamps the logit scale, stored as a logarithm, to its bounds after an update. */
export function boundLogitScale(
  parameters: Partly<FlavaForPretraining<Tensor>, Tensor>,
): Partly<FlavaForPretraining<Tensor>, Tensor> {
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
 * All losses but the contrastive one are means over samples or targets: their sum over parts equals that of the batch if each
 * is weighted by its share. The contrastive loss compares the images and texts of a part with those of the whole batch.
 */
function pretrainingParts(
  batch: Batch<TensorSpec>,
  extra: readonly ExtraLoss[],
  count: number,
  options: PretrainingLossOptions,
): LossOfParts<FlavaForPretraining<Tensor>, PretrainingInputs<TensorSpec>> {
  const { weights } = options;
  const part = microBatchSpecs(batch, count);
  const { kind, ...inputs } = part;
  return {
    inputs,
    cut: (values) => (count === 1 ? [values] : cutBatch(batch, values, count)),
    counts: (values) => countsOf(inputs, values),
    shareNames: lossNames,
    shares: sharesOf,
    trace: (parameters, { extra: further = {}, ...given }, shares) => {
      const model = { ...options, parameters };
      const traced = tracedBatch(model, asBatch(kind, given), weights);
      const { contrastive: compared, ...others } = counting(traced.objectives, weights);
      const losses = Object.entries(others).map(([name, { loss }]) => {
        return [name, multiply(loss, shares[name]!)];
      });
      // A mean over samples, like matching.
      const more = scaledExtra(traceExtra(extra, traced, further), shares.itm!);
      return {
        ...weighted(Object.fromEntries(losses) as Losses, weights, more),
        ...(compared && { embedded: embedded(model, compared.embeddings) }),
      };
    },
    ...(part.kind === "pair" &&
      weights?.contrastive !== 0 && { comparison: contrast(part, options) }),
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

function embedded(
  { parameters }: PretrainingModel,
  vectors: PairEmbeddings,
): { readonly vectors: Readonly<Record<string, Tensor>>; readonly factor: Tensor } {
  return { vectors: { ...vectors }, factor: logitMultiplier(parameters.flava.logitScale) };
}

/** The contrastive loss of a part's pairs among those of all parts. */
function contrast(
  { match }: PairBatch<TensorSpec>,
  options: PretrainingLossOptions,
): Comparison<FlavaForPretraining<Tensor>, PretrainingInputs<TensorSpec>> {
  const vectors = spec([match.size, options.config.projection]);
  return {
    embedded: { vectors: { images: vectors, texts: vectors }, factor: spec([]) },
    embed: (parameters, given) => {
      const model = { ...options, parameters };
      const pairs = given as PairBatch;
      const texts = embedTexts(model, pairs);
      return embedded(model, { images: embedImages(model, pairs), texts });
    },
    rows: match,
    rowsOf: (values) => values.match!,
    gather: options.gather ?? "global",
    trace: ({ vectors: own, factor }, all, places, rows, shares) => {
      const [pairs, others] = [own, all] as unknown as [PairEmbeddings, PairEmbeddings];
      const mean = contrastiveAmong(pairs, others, factor, places, matchedRows(rows));
      return weighted({ contrastive: multiply(mean, shares.contrastive!) }, options.weights);
    },
  };
}
