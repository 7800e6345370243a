/** Masked prediction: cross entropy at the masked positions only (flava.md 3.5). */
import { divide, equal, less, maximum, multiply } from "../graph/ops/arithmetic.js";
import { broadcast, sum } from "../graph/ops/broadcast.js";
import { linearCrossEntropy } from "../graph/ops/cross-entropy.js";
import { affine } from "../graph/ops/affine.js";
import { cast } from "../graph/ops/cast.js";
import { gatherRows } from "../graph/ops/gather.js";
import { constant } from "../graph/placeholder.js";
import { argmax, maximumOf } from "../graph/ops/reduce.js";
import { reshape } from "../graph/ops/reshape.js";
import type { Tensor } from "../graph/tensor.js";
import { type MaskedHead, maskedFeatures } from "../model/heads.js";
import { exactLinear } from "../nn/linear.js";
import { computeDtype } from "../nn/precision.js";
import type { PretrainingModel } from "./model.js";

/** Rows of logits in memory at a time: enough for fast products, few enough for 30,522 columns or that many pairs. */
export const rowsPerBlock = 256;

/** The mean of `values` [N] weighted by `weights` [N]; 0, with zero gradient, if all weights are 0. */
export function weightedMean(values: Tensor, weights: Tensor): Tensor {
  return divide(sum(multiply(values, weights)), maximum(sum(weights), 1));
}

/** 1 for each position, 0 for the padding -1: int32 [N] -> float32 [N]. */
export function present(positions: Tensor): Tensor {
  return less(-1, positions);
}

/**
 * The weight of each pair in losses that need a match: 1 for matching pairs, or for all if none matches (flava.md 3.6).
 * float32 [B] -> float32 [B]
 */
export function matchedRows(match: Tensor): Tensor {
  const any = maximumOf(match, [0]);
  return maximum(match, affine(any, -1, 1));
}

/** The weight of each position's sample: weights float32 [B], positions int32 [N] in [B * length] -> float32 [N]. */
export function weightsAt(weights: Tensor, length: number, positions: Tensor): Tensor {
  const [batch = 0] = weights.shape;
  const everywhere = broadcast(reshape(weights, [batch, 1]), [batch, length]);
  return reshape(gatherRows(reshape(everywhere, [batch * length, 1]), positions), [-1]);
}

/** The visual tokens at positions of [B * P]: int32 [B, P] -> int32 [N]. */
export function tokensAt(tokens: Tensor, positions: Tensor): Tensor {
  // Tokens are small integers, which float32 holds exactly.
  const rows = gatherRows(reshape(cast(tokens, "float32"), [-1, 1]), positions);
  return cast(reshape(rows, [-1]), "int32");
}

/**
 * The rows, in sequences of `length` tokens one after the other, of the tokens at `positions`, int32 [N] in [B * count], where
 * the `count` tokens of each sequence begin at token `first`. The padding -1 stays.
 */
export function rowsInSequences(
  positions: Tensor,
  [batch, count]: readonly [batch: number, count: number],
  first: number,
  length: number,
): Tensor {
  // One more than the row: other positions get 0. Float32 holds these numbers exactly.
  const rowAt = (_: unknown, index: number): number =>
    Math.floor(index / count) * length + first + (index % count) + 1;
  const rows = constant(Float32Array.from({ length: batch * count }, rowAt), [batch * count, 1]);
  const found = reshape(gatherRows(rows, positions), [-1]);
  return cast(affine(found, 1, -1), "int32");
}

/** What a loss is, and how often the answer is right. */
export interface Objective {
  /** Mean cross entropy over the targets in nats: float32 []. */
  readonly loss: Tensor;
  /** Fraction of correct predictions, from 0 to 1: float32 []. */
  readonly accuracy: Tensor;
}

/** The objective of a masked loss. */
export interface MaskedObjective extends Objective {
  /** 1 for each target that is predicted right, float32 [N]. */
  readonly right: Tensor;
}

/**
 * A head's predictions at the target positions: mean cross entropy, and the accuracy of the most likely entry.
 *
 * @param rows the sequence at these positions, float32 [N, D]
 * @param labels what was there, int32 [N]
 * @param weights which targets count, float32 [N]
 */
export function maskedPrediction(
  { config, precision }: PretrainingModel,
  head: MaskedHead<Tensor>,
  rows: Tensor,
  labels: Tensor,
  weights: Tensor,
): MaskedObjective {
  const compute = computeDtype(precision);
  const hidden = cast(rows, compute);
  const features = maskedFeatures(head, hidden, config.headEpsilon, precision);
  const { weight, bias } = head.decoder;
  const losses = linearCrossEntropy(features, weight, bias, labels, weights, {
    rowsPerBlock,
    compute,
  });
  const likeliest = argmax(exactLinear(head.decoder, features, precision)); // [N]
  const right = equal(cast(likeliest, "float32"), cast(labels, "float32"));
  return { loss: weightedMean(losses, weights), accuracy: weightedMean(right, weights), right };
}
