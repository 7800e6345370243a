import { visualTokens } from "../model/codebook.js";
import { encodeImages } from "../model/traced-model.js";
import { slice } from "../graph/ops/slice.js";
import type { ImageBatch, MaskedImages, Targets } from "../data/batch/batch.js";
import { type Objective, maskedPrediction, present, tokensAt } from "./masked.js";
import type { PretrainingModel } from "./model.js";

/** The visual tokens at the hidden patches: given, or computed by the codebook from its view. */
export function imageTargets(model: PretrainingModel, batch: MaskedImages): Targets {
  const { visualTokens: given, codebookPixels, positions } = batch;
  if (given) return { positions, labels: tokensAt(given, positions) };
  if (!codebookPixels) {
    throw new Error("Masked images need `visualTokens`, or `codebookPixels` to compute them from.");
  }
  const { config, parameters, precision } = model;
  const tokens = visualTokens(parameters.codebook, config.codebook, codebookPixels, precision);
  return { positions, labels: tokensAt(tokens, positions) };
}

/** Masked image modeling on unpaired images (flava.md 3.5). */
export function maskedImage(model: PretrainingModel, batch: ImageBatch): Objective {
  const targets = imageTargets(model, batch); // first, as its feature maps are large
  const { sequence } = encodeImages(model, batch);
  const patches = slice(sequence, 1, 1, sequence.shape[1] ?? 1); // [B, P, D]
  return maskedPrediction(
    model,
    model.parameters.heads.mim,
    patches,
    targets,
    present(targets.positions),
  );
}
