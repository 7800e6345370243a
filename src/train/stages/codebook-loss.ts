/** The loss of the image codebook: the dVAE that gives images their visual tokens (flava.md 2.6). */
import { foldIn } from "../../base/random.js";
import { mapTree } from "../../base/tree.js";
import { affine } from "../../graph/ops/affine.js";
import { add, multiply } from "../../graph/ops/arithmetic.js";
import { cast } from "../../graph/ops/cast.js";
import { fill } from "../../graph/ops/fill.js";
import { mean } from "../../graph/ops/reduce.js";
import { reshape } from "../../graph/ops/reshape.js";
import { type Tensor, type TensorSpec, spec } from "../../graph/tensor.js";
import { branchGain, codebookLogits, codebookParameters } from "../../model/codebook.js";
import { codebookDecoderParameters } from "../../model/codebook-decoder.js";
import type { CodebookConfig } from "../../model/config.js";
import type { Parameter } from "../../nn/parameter.js";
import type { Precision } from "../../nn/precision.js";
import {
  type Autoencoder,
  type ReconstructionLosses,
  cellsPerValue,
  codeShares,
  reconstructionLosses,
  usageEntropy,
} from "../../objective/reconstruction.js";
import { type Values, partOf } from "../../backend/values.js";
import { type CosineOptions, cosineBetween } from "../../optim/schedule.js";
import type { Embedded, Loss, LossOfParts, TracedLoss } from "../step/loss.js";
import { samplesOfPart } from "./micro-batches.js";

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

type Inputs = CodebookInputs<TensorSpec>;

/** The loss for images of the shape `pixels`. */
export function codebookLoss(
  pixels: TensorSpec,
  options: CodebookLossOptions,
): Loss<Autoencoder<Tensor>, Inputs> {
  return {
    inputs: inputsOf(pixels),
    trace: (parameters, given, step) => {
      const { bound, shares, scalars } = boundOf(parameters, given, step, options);
      const usage = usageEntropy(shares);
      const bonus = affine(usage, bonusOf(pixels, options), 0);
      return { total: add(bound, bonus), scalars: { ...scalars, usage } };
    },
    split: (count) => codebookParts(pixels, count, options),
  };
}

const inputsOf = (pixels: TensorSpec): Inputs => ({ pixels, key: spec([2], "int32") });

/** What the entropy of the batch's codes is multiplied by: it is maximized. */
const bonusOf = (pixels: TensorSpec, { usageWeight }: CodebookLossOptions): number =>
  -usageWeight * cellsPerValue(pixels);

/** The bound and its terms, and how often each code is used. */
function boundOf(
  parameters: Autoencoder<Tensor>,
  { pixels, key }: CodebookInputs<Tensor>,
  step: Tensor,
  { config, precision, temperature, divergenceWeight, fixedScale }: CodebookLossOptions,
): Pick<ReconstructionLosses, "bound" | "shares"> & Pick<TracedLoss, "scalars"> {
  const relaxation = {
    key,
    temperature: cosineBetween(step, temperature),
    divergenceWeight: cosineBetween(step, divergenceWeight),
    fixedScale,
  };
  const autoencoder = withPublishedGain(parameters, config);
  const { bound, shares, ...losses } = reconstructionLosses(
    ...([autoencoder, config, pixels, relaxation, precision] as const),
  );
  return { bound, shares, scalars: { ...losses, temperature: relaxation.temperature } };
}

/**
 * The bound is a mean over images. The entropy is that of the codes of all parts, which tell each other how often each code
 * is used.
 */
function codebookParts(
  pixels: TensorSpec,
  count: number,
  options: CodebookLossOptions,
): LossOfParts<Autoencoder<Tensor>, Inputs> {
  const { config, precision } = options;
  const [images = 0, ...image] = pixels.shape;
  const size = samplesOfPart(images, count);
  const embedded = (shares: Tensor): Embedded<Tensor> => ({
    vectors: { shares: reshape(shares, [1, shares.size]) },
    factor: fill([], bonusOf(pixels, options)),
  });
  return {
    inputs: inputsOf(spec([size, ...image])),
    cut: (values) => (count === 1 ? [values] : cutImages(values, count)),
    counts: () => ({ images: size }),
    shareNames: ["images"],
    shares: (own, all) => ({ images: own.images! / all.images! }),
    trace: (parameters, given, { images: weight }, step) => {
      const { bound, shares, scalars } = boundOf(parameters, given, step, options);
      return {
        total: multiply(bound, weight!),
        scalars: mapTree(scalars, (scalar: Tensor) => multiply(scalar, weight!)),
        embedded: embedded(shares),
      };
    },
    comparison: {
      embedded: { vectors: { shares: spec([1, config.vocabulary]) }, factor: spec([]) },
      embed: (parameters, given) => {
        const { codebook } = withPublishedGain(parameters, config);
        const logits = codebookLogits(codebook, config, given.pixels, precision);
        return embedded(codeShares(cast(logits, "float32")));
      },
      rows: spec([1]),
      rowsOf: () => Float32Array.of(1),
      gather: "global",
      trace: ({ factor }, { shares }, _places, _rows, { images: weight }) => {
        const usage = multiply(usageEntropy(mean(shares!, [0])), weight!);
        return { total: multiply(usage, factor), scalars: { usage } };
      },
    },
  };
}

/** The images in equal parts, each with noise of its own. */
function cutImages(
  { pixels, key }: CodebookInputs<Values>,
  count: number,
): CodebookInputs<Values>[] {
  return Array.from({ length: count }, (_, index) => ({
    pixels: partOf(pixels, index, count),
    key: Int32Array.from(foldIn([key[0]!, key[1]!], index)),
  }));
}
