/** The loss of the image codebook: the dVAE that gives images their visual tokens (flava.md 2.6). */
import { type TensorSpec, spec } from "../../graph/tensor.js";
import type { Tensor } from "../../graph/tensor.js";
import { mapTree } from "../../base/tree.js";
import { affine } from "../../graph/ops/affine.js";
import { branchGain, codebookParameters } from "../../model/codebook.js";
import { codebookDecoderParameters } from "../../model/codebook-decoder.js";
import type { CodebookConfig } from "../../model/config.js";
import type { Parameter } from "../../nn/parameter.js";
import type { Precision } from "../../nn/precision.js";
import { type Autoencoder, reconstructionLosses } from "../../objective/reconstruction.js";
import type { Values } from "../../backend/values.js";
import { type CosineOptions, cosineBetween } from "../../optim/schedule.js";
import type { Loss } from "../step/loss.js";

export function autoencoderParameters(config: CodebookConfig): Autoencoder<Parameter> {
  return { codebook: codebookParameters(config), decoder: codebookDecoderParameters(config) };
}

/** The gain of residual branches in training. The published 1/64 leaves the 3 x 3 kernels of small codebooks idle. */
const trainingGain = 0.35;

/** Whether a path below the codebook or its decoder names the weights or biases that end a residual branch. */
const endsBranch = (path: string): boolean => /groups\/\d+\/\d+\/convolutions\/3\//.test(path);

/** The factor of the ends of branches that turns the gain of training into DALL-E's. */
const endFactor = (config: CodebookConfig): number => trainingGain / branchGain(config);

/** The autoencoder with the gain of DALL-E, from parameters as they are trained. */
export function withPublishedGain(
  parameters: Autoencoder<Tensor>,
  config: CodebookConfig,
): Autoencoder<Tensor> {
  return mapTree(parameters, (tensor: Tensor, path) =>
    endsBranch(path) ? affine(tensor, endFactor(config), 0) : tensor,
  );
}

/**
 * The values to write for the parameter at `path`, so that files have DALL-E's layout and meaning: its gain, and as the
 * decoder's scale the one of training.
 *
 * @param fixedScale the scale of training if it was not learned
 */
export function writtenValues(
  path: string,
  values: Values,
  config: CodebookConfig,
  fixedScale: number | undefined,
): Values {
  if (endsBranch(path)) return values.map((value) => value * endFactor(config));
  if (fixedScale === undefined || !path.includes("decoder/output/")) return values;
  const logScale = path.endsWith("bias") ? Math.log(fixedScale) : 0;
  return values.map((value, index) => (2 * index < values.length ? value : logScale));
}

export interface CodebookLossOptions {
  readonly config: CodebookConfig;
  readonly precision: Precision;
  /** Temperature of the relaxed choice of a code; falls from 1 to 1/16 in DALL-E. */
  readonly temperature: CosineOptions;
  /** Weight of the divergence; rises from 0 to 6.6 in DALL-E. */
  readonly divergenceWeight: CosineOptions;
  /** Weight of the entropy of the batch's codes. */
  readonly usageWeight: number;
  /** The scale b of the logit-Laplace density; learned if undefined, as in DALL-E. */
  readonly fixedScale: number | undefined;
}

/** Pixels mapped to [0.1, 0.9], float32 [B, 3, H, W], and a key for the noise, int32 [2]. */
export interface CodebookInputs<T> {
  readonly pixels: T;
  readonly key: T;
}

/** The loss for images of the shape `pixels`. */
export function codebookLoss(
  pixels: TensorSpec,
  {
    config,
    precision,
    temperature,
    divergenceWeight,
    usageWeight,
    fixedScale,
  }: CodebookLossOptions,
): Loss<Autoencoder<Tensor>, CodebookInputs<TensorSpec>> {
  return {
    inputs: { pixels, key: spec([2], "int32") },
    trace: (parameters, given, step) => {
      const relaxation = {
        key: given.key,
        temperature: cosineBetween(step, temperature),
        divergenceWeight: cosineBetween(step, divergenceWeight),
        usageWeight,
        fixedScale,
      };
      const { total, ...losses } = reconstructionLosses(
        withPublishedGain(parameters, config),
        config,
        given.pixels,
        relaxation,
        precision,
      );
      return { total, scalars: { ...losses, temperature: relaxation.temperature } };
    },
  };
}
