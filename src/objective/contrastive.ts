import { affine } from "../graph/ops/affine.js";
import { clamp, exp, stopGradient } from "../graph/ops/elementwise.js";
import { allGather } from "../graph/ops/collective.js";
import { add, multiply } from "../graph/ops/arithmetic.js";
import { fill } from "../graph/ops/fill.js";
import { concatenate } from "../graph/ops/concatenate.js";
import { linearCrossEntropy } from "../graph/ops/cross-entropy.js";
import { product } from "../graph/ops/matmul.js";
import { slice } from "../graph/ops/slice.js";
import { constant } from "../graph/placeholder.js";
import type { Tensor } from "../graph/tensor.js";
import { rowsPerBlock, weightedMean } from "./masked.js";
import type { PretrainingModel } from "./model.js";

/** Bounds of the logit scale, a logarithm: [0, ln 100]. */
export const logitScaleBounds = [0, 4.6052] as const;

/** What similarities are multiplied by: exp of the bounded logit scale, float32 []. */
export function logitMultiplier(logitScale: Tensor): Tensor {
  return exp(clamp(logitScale, ...logitScaleBounds));
}

/** The embeddings of all processes, with gradients by the model's gather mode: [B, D] -> [W * B, D]. */
function gathered({ world, gather = "global" }: PretrainingModel, own: Tensor): Tensor {
  if (!world || world.size === 1) return gather === "none" ? stopGradient(own) : own;
  const all = allGather(own, world);
  if (gather === "global") return all;
  const fixed = stopGradient(all);
  if (gather === "none") return fixed;
  const [batch = 0] = own.shape;
  const start = world.rank * batch;
  const parts = [
    slice(fixed, 0, 0, start),
    own,
    slice(fixed, 0, start + batch, batch * world.size),
  ];
  return concatenate(
    parts.filter(({ size }) => size > 0),
    0,
  );
}

/**
 * The global contrastive loss (flava.md 3.2): each image is matched with its text among those of all processes, and each
 * text with its image. Similarities are computed a block of rows at a time, in both passes.
 *
 * @param images, texts embeddings of length 1, float32 [B, D]
 * @param rows weight of each pair as a row, float32 [B]; all pairs are columns
 */
export function contrastive(
  model: PretrainingModel,
  images: Tensor,
  texts: Tensor,
  rows: Tensor,
): Tensor {
  const [batch = 0] = images.shape;
  const first = (model.world?.rank ?? 0) * batch;
  const labels = constant(
    Int32Array.from({ length: batch }, (_, index) => first + index),
    [batch],
  );
  const lossOf = ({ own, others }: Comparison): Tensor => {
    const none = fill(others.shape.slice(0, 1), 0);
    const losses = linearCrossEntropy(own, others, none, labels, rows, { rowsPerBlock });
    return weightedMean(losses, rows);
  };
  const { image, text } = comparisons(model, images, texts);
  return affine(add(lossOf(image), lossOf(text)), 0.5, 0);
}

/** Scaled rows [B, D], and the columns that they are compared with, [W * B, D]. */
interface Comparison {
  readonly own: Tensor;
  readonly others: Tensor;
}

/** Each image with all texts, and each text with all images. */
function comparisons(
  model: PretrainingModel,
  images: Tensor,
  texts: Tensor,
): Record<"image" | "text", Comparison> {
  const factor = logitMultiplier(model.parameters.flava.logitScale);
  const against = (own: Tensor, others: Tensor): Comparison => ({
    own: multiply(own, factor),
    others: gathered(model, others),
  });
  return { image: against(images, texts), text: against(texts, images) };
}

/** Scaled similarities of each image with all texts, and of each text with all images: float32 [B, W * B] each. */
export function contrastiveLogits(
  model: PretrainingModel,
  images: Tensor,
  texts: Tensor,
): { readonly image: Tensor; readonly text: Tensor } {
  const { image, text } = comparisons(model, images, texts);
  const logits = ({ own, others }: Comparison): Tensor =>
    product(own, others, { transposeB: true });
  return { image: logits(image), text: logits(text) };
}
