/** The loss of the image codebook: the dVAE that gives images their visual tokens (flava.md 2.6). */
import { type TensorSpec, spec } from "../../graph/tensor.js";
import type { Tensor } from "../../graph/tensor.js";
import { codebookParameters } from "../../model/codebook.js";
import { codebookDecoderParameters } from "../../model/codebook-decoder.js";
import type { CodebookConfig } from "../../model/config.js";
import type { Parameter } from "../../nn/parameter.js";
import type { Precision } from "../../nn/precision.js";
import { type Autoencoder, reconstructionLosses } from "../../objective/reconstruction.js";
import { type CosineOptions, cosineBetween } from "../../optim/schedule.js";
import type { Loss } from "../step/loss.js";

export function autoencoderParameters(config: CodebookConfig): Autoencoder<Parameter> {
  return { codebook: codebookParameters(config), decoder: codebookDecoderParameters(config) };
}

export interface CodebookLossOptions {
  readonly config: CodebookConfig;
  readonly precision: Precision;
  /** Temperature of the relaxed choice of a code; falls from 1 to 1/16 in DALL-E. */
  readonly temperature: CosineOptions;
  /** Weight of the divergence; rises from 0 to 6.6 in DALL-E. */
  readonly divergenceWeight: CosineOptions;
}

/** Pixels mapped to [0.1, 0.9], float32 [B, 3, H, W], and a key for the noise, int32 [2]. */
export interface CodebookInputs<T> {
  readonly pixels: T;
  readonly key: T;
}

/** The loss for images of the shape `pixels`. */
export function codebookLoss(
  pixels: TensorSpec,
  { config, precision, temperature, divergenceWeight }: CodebookLossOptions,
): Loss<Autoencoder<Tensor>, CodebookInputs<TensorSpec>> {
  return {
    inputs: { pixels, key: spec([2], "int32") },
    trace: (parameters, given, step) => {
      const relaxation = {
        key: given.key,
        temperature: cosineBetween(step, temperature),
        divergenceWeight: cosineBetween(step, divergenceWeight),
      };
      const { total, ...losses } = reconstructionLosses(
        parameters,
        config,
        given.pixels,
        relaxation,
        precision,
      );
      return { total, scalars: { ...losses, temperature: relaxation.temperature } };
    },
  };
}
