/**
 * The dVAE decoder, which reconstructs an image from visual tokens (flava.md 2.2). Not part of the published FLAVA
 * weights.
 */
import { scope } from "../graph/trace.js";
import { affine } from "../graph/ops/affine.js";
import { clamp, relu, sigmoid } from "../graph/ops/elementwise.js";
import { upsample2x } from "../graph/ops/pool.js";
import { slice } from "../graph/ops/slice.js";
import { permute } from "../graph/ops/permute.js";
import type { Tensor } from "../graph/tensor.js";
import type { Parameter } from "../nn/parameter.js";
import {
  type Codebook,
  codebookBlock,
  codebookBlockParameters,
  convolutionParameters,
  convolve,
  withGain,
} from "./codebook.js";
import type { CodebookConfig } from "./config.js";

/** Same structure as the encoder's parameters, in decoder order: resolution grows, channels shrink. */
export type CodebookDecoder<T> = Codebook<T>;

/** Keeps pixels away from 0 and 1, where the logit-Laplace density is undefined (flava.md 2.3). */
const margin = 0.1;

export function codebookDecoderParameters(config: CodebookConfig): CodebookDecoder<Parameter> {
  const { channels, groups, blocksPerGroup, hidden, vocabulary } = config;
  const width = (group: number): number => hidden * 2 ** (groups - 1 - group);
  const first = hidden / 2;
  return {
    // Codes are one-hot, so a standard deviation of 1 gives outputs of variance 1.
    input: convolutionParameters(vocabulary, first, 1, Math.sqrt(vocabulary)),
    groups: Array.from({ length: groups }, (_, group) =>
      Array.from({ length: blocksPerGroup }, (_unused, block) => {
        const from = block > 0 ? width(group) : group === 0 ? first : width(group - 1);
        return codebookBlockParameters(from, width(group), [1, 3, 3, 3]);
      }),
    ),
    // Small, so that the first reconstructions are gray rather than saturated.
    output: convolutionParameters(width(groups - 1), 2 * channels, 1, 0.3),
  };
}

/**
 * Per-pixel distributions: codes [B, h, w, V] (one-hot or relaxed) -> float [B, 8h, 8w, 2 · channels], the locations
 * followed by the log scales of logit-Laplace densities.
 */
export function decodeCodes(
  p: CodebookDecoder<Tensor>,
  config: CodebookConfig,
  codes: Tensor,
): Tensor {
  return scope("decoder", () => {
    let x = convolve(p.input, codes);
    for (const [index, group] of withGain(p.groups, config).entries()) {
      for (const block of group) x = codebookBlock(block, x);
      if (index < p.groups.length - 1) x = upsample2x(x);
    }
    return convolve(p.output, relu(x));
  });
}

/** Converts per-pixel distributions to images: [B, H, W, 2 · channels] -> [B, channels, H, W] in [0, 1]. */
export function reconstruction(distribution: Tensor): Tensor {
  const channels = (distribution.shape.at(-1) ?? 0) / 2;
  const location = permute(slice(distribution, 3, 0, channels), [0, 3, 1, 2]);
  return unmapPixels(sigmoid(location));
}

/** Maps pixels from [0, 1] to [0.1, 0.9], the codebook's input range. */
export function mapPixels(pixels: Tensor): Tensor {
  return affine(pixels, 1 - 2 * margin, margin);
}

/** The inverse of `mapPixels`, clamped to [0, 1]. */
export function unmapPixels(mapped: Tensor): Tensor {
  return clamp(affine(mapped, 1 / (1 - 2 * margin), -margin / (1 - 2 * margin)), 0, 1);
}
