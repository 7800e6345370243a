import { affine } from "../graph/ops/affine.js";
import { stopGradient } from "../graph/ops/elementwise.js";
import { add, multiply } from "../graph/ops/arithmetic.js";
import { fill } from "../graph/ops/fill.js";
import { linearCrossEntropy } from "../graph/ops/cross-entropy.js";
import { product } from "../graph/ops/matmul.js";
import { constant } from "../graph/placeholder.js";
import type { Tensor } from "../graph/tensor.js";
import { logitMultiplier } from "../model/logit-scale.js";
import { rowsPerBlock, weightedMean } from "./masked.js";
import type { PretrainingModel } from "./model.js";

/** Embeddings of length 1, float32 [B, D] each. */
export interface PairEmbeddings {
  readonly images: Tensor;
  readonly texts: Tensor;
}

/**
 * The contrastive loss of some pairs among all (flava.md 3.2): each image is matched with its text among all texts, and each
 * text with its image. Similarities are computed a block of rows at a time, in both passes.
 *
 * @param own embeddings of B pairs
 * @param all embeddings of N pairs
 * @param factor what similarities are multiplied by, float32 []
 * @param places of the B pairs among the N, int32 [B]
 * @param rows weight of each of the B pairs, float32 [B]
 */
export function contrastiveAmong(
  own: PairEmbeddings,
  all: PairEmbeddings,
  factor: Tensor,
  places: Tensor,
  rows: Tensor,
): Tensor {
  const lossOf = (from: Tensor, to: Tensor): Tensor => {
    const none = fill(to.shape.slice(0, 1), 0);
    const scaled = multiply(from, factor);
    const losses = linearCrossEntropy(scaled, to, none, places, rows, { rowsPerBlock });
    return weightedMean(losses, rows);
  };
  return affine(add(lossOf(own.images, all.texts), lossOf(own.texts, all.images)), 0.5, 0);
}

/**
 * The contrastive loss of a batch, by the model's gather mode.
 *
 * @param images, texts embeddings of length 1, float32 [B, D]
 * @param rows weight of each pair as a row, float32 [B]; all pairs are columns
 */
export function contrastive(
  { parameters, gather = "global" }: PretrainingModel,
  images: Tensor,
  texts: Tensor,
  rows: Tensor,
): Tensor {
  const [batch = 0] = images.shape;
  const places = constant(
    Int32Array.from({ length: batch }, (_, index) => index),
    [batch],
  );
  const column = (own: Tensor): Tensor => (gather === "none" ? stopGradient(own) : own);
  const all = { images: column(images), texts: column(texts) };
  const factor = logitMultiplier(parameters.flava.logitScale);
  return contrastiveAmong({ images, texts }, all, factor, places, rows);
}

/** Scaled similarities of each image with all texts, and of each text with all images: float32 [B, B] each. */
export function contrastiveLogits(
  { parameters }: PretrainingModel,
  images: Tensor,
  texts: Tensor,
): { readonly image: Tensor; readonly text: Tensor } {
  const factor = logitMultiplier(parameters.flava.logitScale);
  const logits = (own: Tensor, others: Tensor): Tensor =>
    product(multiply(own, factor), others, { transposeB: true });
  return { image: logits(images, texts), text: logits(texts, images) };
}
