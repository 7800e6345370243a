/**
 * The loss of the image codebook: DALL-E's evidence lower bound of a discrete autoencoder (flava.md 2.6), with a bonus for
 * using many codes.
 */
import { add, divide, multiply, subtract } from "../graph/ops/arithmetic.js";
import { absolute, exp, log } from "../graph/ops/elementwise.js";
import { affine } from "../graph/ops/affine.js";
import { cast } from "../graph/ops/cast.js";
import { permute } from "../graph/ops/permute.js";
import { fill } from "../graph/ops/fill.js";
import { gumbel } from "../graph/ops/random.js";
import { maximumOf, mean } from "../graph/ops/reduce.js";
import { sum } from "../graph/ops/broadcast.js";
import { slice } from "../graph/ops/slice.js";
import { softmax } from "../graph/ops/softmax.js";
import type { Tensor } from "../graph/tensor.js";
import { type Codebook, codebookLogits } from "../model/codebook.js";
import { type CodebookDecoder, decodeCodes } from "../model/codebook-decoder.js";
import type { CodebookConfig } from "../model/config.js";
import { type Precision, computeDtype } from "../nn/precision.js";

export interface Autoencoder<T> {
  readonly codebook: Codebook<T>;
  readonly decoder: CodebookDecoder<T>;
}

export interface Relaxation {
  /** Key of the Gumbel noise, int32 [2]. */
  readonly key: Tensor;
  /** Temperature of the relaxed choice of a code, float32 []; near 0 the choice is hard. */
  readonly temperature: Tensor;
  /** Weight of the divergence from equally frequent codes, float32 []. */
  readonly divergenceWeight: Tensor;
  /** The scale b of the logit-Laplace density, if it is fixed. */
  readonly fixedScale: number | undefined;
}

export interface ReconstructionLosses {
  /** Negative log density of the pixels, averaged over pixels and colors: float32 []. */
  readonly reconstruction: Tensor;
  /** Divergence of a cell's codes from equally frequent ones, averaged over cells: 0 to ln V, float32 []. */
  readonly divergence: Tensor;
  /** The reconstruction plus the weighted divergence: float32 []. */
  readonly bound: Tensor;
  /** How often each code is used: float32 [V]. */
  readonly shares: Tensor;
}

/**
 * @param pixels mapped to [0.1, 0.9], float32 [B, 3, H, W] with sides that are multiples of 8
 */
export function reconstructionLosses(
  { codebook, decoder }: Autoencoder<Tensor>,
  config: CodebookConfig,
  pixels: Tensor,
  { key, temperature, divergenceWeight, fixedScale }: Relaxation,
  precision: Precision,
): ReconstructionLosses {
  const logits = cast(codebookLogits(codebook, config, pixels, precision), "float32"); // [B, h, w, V]
  const noisy = add(logits, gumbel(key, logits.shape));
  const codes = softmax(divide(noisy, temperature));
  const distribution = decodeCodes(decoder, config, cast(codes, computeDtype(precision)));
  const reconstruction = mean(
    logitLaplace(permute(pixels, [0, 2, 3, 1]), cast(distribution, "float32"), fixedScale),
  );
  const divergence = divergenceFromUniform(logits);
  const weighted = multiply(affine(divergence, cellsPerValue(pixels), 0), divergenceWeight);
  const bound = add(reconstruction, weighted);
  return { reconstruction, divergence, bound, shares: codeShares(logits) };
}

/**
 * What means over cells are multiplied by: the bound is a sum over an image's cells and values, here divided by the number of
 * its values.
 *
 * @param pixels images [B, C, H, W]
 */
export function cellsPerValue({ shape: [, channels = 1] }: Pick<Tensor, "shape">): number {
  return 1 / (channels * 8 * 8); // a cell is 8 x 8 pixels
}

/**
 * Negative log density of the logit-Laplace distribution: -ln f(x | mu, b) = ln(2b) + ln(x (1 - x)) + |logit(x) - mu| / b.
 *
 * @param x within (0, 1), float32 [B, H, W, C]
 * @param distribution mu of all colors followed by their ln b, float32 [B, H, W, 2C]
 * @param fixedScale replaces the b of `distribution`. Gradients go as 1 / b, so with a learned scale images that are mostly
 * white draw all attention to white: strokes turn gray.
 */
export function logitLaplace(x: Tensor, distribution: Tensor, fixedScale?: number): Tensor {
  const channels = x.shape.at(-1) ?? 0;
  const location = slice(distribution, 3, 0, channels);
  const logScale =
    fixedScale === undefined
      ? slice(distribution, 3, channels, 2 * channels)
      : fill(location.shape, Math.log(fixedScale));
  const [logX, logRest] = [log(x), log(affine(x, -1, 1))];
  const distance = absolute(subtract(subtract(logX, logRest), location));
  const scaled = multiply(distance, exp(affine(logScale, -1, 0)));
  return add(affine(logScale, 1, Math.LN2), add(add(logX, logRest), scaled));
}

/** The mean of softmax(logits) over all but the last axis: float32 [..., V] -> [V]. */
export function codeShares(logits: Tensor): Tensor {
  const axes = logits.shape.slice(0, -1).map((_, axis) => axis);
  return mean(softmax(logits), axes);
}

/** Entropy of a distribution of codes, float32 [V], in nats: 0 to ln V, float32 []. */
export function usageEntropy(shares: Tensor): Tensor {
  return affine(sum(multiply(shares, log(affine(shares, 1, 1e-12))), [0]), -1, 0);
}

/** KL(softmax(logits) || uniform), averaged over all but the last axis: float32 []. */
export function divergenceFromUniform(logits: Tensor): Tensor {
  const shifted = subtract(logits, maximumOf(logits, [-1], true));
  const logTotal = log(sum(exp(shifted), [-1]));
  const expected = sum(multiply(softmax(logits), shifted), [-1]);
  return affine(mean(subtract(expected, logTotal)), 1, Math.log(logits.shape.at(-1) ?? 1));
}
