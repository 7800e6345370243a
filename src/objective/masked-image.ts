import { visualTokensAt } from "../model/codebook.js";
import type { MaskedHead } from "../model/heads.js";
import { encodeImages } from "../model/traced-model.js";
import { multiply } from "../graph/ops/arithmetic.js";
import type { Tensor } from "../graph/tensor.js";
import type { ImageBatch, MaskedImages, Targets } from "../data/batch/batch.js";
import { inkAt } from "./ink.js";
import {
  type Objective,
  maskedPrediction,
  present,
  rowsInSequences,
  tokensAt,
  weightedMean,
} from "./masked.js";
import type { PretrainingModel } from "./model.js";

export interface ImageTargets extends Targets {
  /** 1 where the patch has ink, 0 where it is blank, float32 [N]; unknown without the codebook's view. */
  readonly ink?: Tensor;
}

/** The objective of a masked loss on images. */
export interface MaskedImageObjective extends Objective {
  /** Accuracy on patches that are not blank. */
  readonly inkAccuracy?: Tensor;
}

/** The visual tokens at the hidden patches: given, or computed by the codebook from its view. */
export function imageTargets(
  model: Pick<PretrainingModel, "config" | "precision"> & {
    readonly parameters: Pick<PretrainingModel["parameters"], "codebook">;
  },
  batch: Pick<MaskedImages, "visualTokens" | "codebookPixels" | "positions" | "hidden">,
): ImageTargets {
  const { visualTokens: given, codebookPixels, positions, hidden } = batch;
  if (given) return { positions, labels: tokensAt(given, positions) };
  if (!codebookPixels) {
    throw new Error("Masked images need `visualTokens`, or `codebookPixels` to compute them from.");
  }
  const { config, parameters, precision } = model;
  const { codebook } = parameters;
  const labels = visualTokensAt(codebook, config.codebook, codebookPixels, precision, positions);
  const ink = inkAt(codebookPixels, hidden.shape[1] ?? 0, positions);
  return { positions, labels, ink };
}

/** A head's predictions of visual tokens, from the patches at their positions [N, D]; see `maskedPrediction`. */
export function maskedPatches(
  model: PretrainingModel,
  head: MaskedHead<Tensor>,
  rows: Tensor,
  { labels, ink }: ImageTargets,
  weights: Tensor,
): MaskedImageObjective {
  const { loss, accuracy, right } = maskedPrediction(model, head, rows, labels, weights);
  return {
    ...{ loss, accuracy },
    ...(ink && { inkAccuracy: weightedMean(right, multiply(weights, ink)) }),
  };
}

/** Masked image modeling on unpaired images (flava.md 3.5). */
export function maskedImage(model: PretrainingModel, batch: ImageBatch): MaskedImageObjective {
  const targets = imageTargets(model, batch); // first, as its feature maps are large
  const { positions } = targets;
  const [count = 0, patches = 0] = batch.hidden.shape;
  const keepRows = rowsInSequences(positions, [count, patches], 1, 1 + patches);
  const { sequence } = encodeImages(model, batch, { keepRows });
  const head = model.parameters.heads.mim;
  return maskedPatches(model, head, sequence, targets, present(positions));
}
