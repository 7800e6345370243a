/** Ink: what is drawn, rather than the white that most of an icon is. */
import { less } from "../graph/ops/arithmetic.js";
import { affine } from "../graph/ops/affine.js";
import { gatherRows } from "../graph/ops/gather.js";
import { maximumOf } from "../graph/ops/reduce.js";
import { reshape } from "../graph/ops/reshape.js";
import type { Tensor } from "../graph/tensor.js";
import { unmapPixels } from "../model/codebook-decoder.js";

/** Channels darker than this are ink, of channels in [0, 1]. */
const inkBelow = 0.75;

/**
 * 1 for each position whose patch has ink, 0 for those of blank patches.
 *
 * @param pixels the codebook's view, float32 [B, 3, h, w]
 * @param patches P
 * @param positions int32 [N] in [B * P]
 * @returns float32 [N]
 */
export function inkAt(pixels: Tensor, patches: number, positions: Tensor): Tensor {
  const [B, C, height, width] = pixels.shape as [number, number, number, number];
  const grid = Math.sqrt(patches);
  const cells = reshape(unmapPixels(pixels), [B, C, grid, height / grid, grid, width / grid]);
  const darkness = maximumOf(affine(cells, -1, 1), [1, 3, 5]); // [B, grid, grid]
  const hasInk = reshape(less(1 - inkBelow, darkness), [B * patches, 1]);
  return reshape(gatherRows(hasInk, positions), [-1]);
}

export interface InkError {
  /** Sum of absolute errors. */
  readonly error: number;
  /** Number of values. */
  readonly values: number;
}

/** The errors of images where their originals have ink, both in [0, 1] and in the same order. */
export function inkError(originals: ArrayLike<number>, images: ArrayLike<number>): InkError {
  let [error, values] = [0, 0];
  for (let index = 0; index < originals.length; index++) {
    const original = originals[index]!;
    if (original >= inkBelow) continue;
    error += Math.abs((images[index] ?? NaN) - original);
    values++;
  }
  return { error, values };
}
