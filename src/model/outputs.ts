/** What FLAVA tells of images, texts and pairs. Whoever compiles some of it computes no more than that needs. */
import { scope } from "../graph/trace.js";
import { softmax } from "../graph/ops/softmax.js";
import { slice } from "../graph/ops/slice.js";
import { reshape } from "../graph/ops/reshape.js";
import type { Tensor } from "../graph/tensor.js";
import type { Precision } from "../nn/precision.js";
import type { StackOptions } from "../nn/stack.js";
import type { FlavaConfig } from "./config.js";
import { type Encoded, tokenAt } from "./encoded.js";
import { type Flava, type PretrainingHeads, embed } from "./flava.js";
import { type MaskedHead, maskedLogits, matchLogits } from "./heads.js";
import { type ImageInput, encodeImage } from "./image-encoder.js";
import { encodePair } from "./multimodal-encoder.js";
import type { Interpolation } from "./position-interpolation.js";
import { type TextInput, encodeText } from "./text-encoder.js";

/** A model whose outputs are traced. */
export interface InferenceModel {
  readonly config: FlavaConfig;
  readonly flava: Flava<Tensor>;
  readonly precision: Precision;
  readonly interpolation?: Interpolation;
}

/** How many tokens of the sequence are wanted, the first ones: 1 is enough for an embedding or a match; default: all. */
export type Wanted = Pick<StackOptions, "wanted">;

export interface UnimodalOutputs {
  /** Contrastive embedding of length 1: float32 [B, projection]. */
  readonly embedding: Tensor;
  /** Every token after the final normalization: float32 [B, L, D]. */
  readonly sequence: Tensor;
  /** The embedding and every block's output before the final normalization ("taps"): float32 [B, L, D] each. */
  readonly states: readonly Tensor[];
}

interface PairOutputs {
  /** [its class token; the image's; the patches; the text]: float32 [B, 2 + P + L, D]. */
  readonly sequence: Tensor;
  /** The class token: float32 [B, D]. */
  readonly vector: Tensor;
  /** As for one modality. */
  readonly states: readonly Tensor[];
}

export function imageOutputs(
  model: InferenceModel,
  input: ImageInput,
  wanted: Wanted = {},
): UnimodalOutputs {
  const { flava, precision } = model;
  const encoded = encodeImages(model, input, wanted);
  return { ...encoded, embedding: embed(flava.imageProjection, encoded, precision) };
}

export function textOutputs(
  model: InferenceModel,
  input: TextInput,
  wanted: Wanted = {},
): UnimodalOutputs {
  const { flava, precision } = model;
  const encoded = encodeTexts(model, input, wanted);
  return { ...encoded, embedding: embed(flava.textProjection, encoded, precision) };
}

/** Images and texts read together, pair by pair. */
export function pairOutputs(
  model: InferenceModel,
  image: ImageInput,
  text: TextInput,
  wanted: Wanted = {},
): PairOutputs {
  const { config, flava, precision } = model;
  const visible = config.maskPadding ? text.lengths : undefined;
  const encoded = encodePair(
    flava.multimodal,
    encodeImages(model, image),
    encodeTexts(model, text),
    { heads: config.multimodal.heads, epsilon: config.epsilon, precision, ...wanted },
    visible,
  );
  return { ...encoded, vector: tokenAt(encoded.sequence, 0) };
}

/** The probability that image and text of each pair belong together: float32 [B]. */
export function matchProbability(
  heads: Pick<PretrainingHeads<Tensor>, "itm">,
  { sequence }: Pick<PairOutputs, "sequence">,
  precision: Precision,
): Tensor {
  const probabilities = softmax(matchLogits(heads.itm, sequence, precision)); // [B, 2]
  return reshape(slice(probabilities, 1, 1, 2), [-1]);
}

/** The probability of every vocabulary entry at chosen tokens: rows [N, D] of a sequence -> float32 [N, V]. */
export function tokenProbabilities(
  { config, precision }: Pick<InferenceModel, "config" | "precision">,
  head: MaskedHead<Tensor>,
  rows: Tensor,
): Tensor {
  return scope("fill", () => softmax(maskedLogits(head, rows, config.headEpsilon, precision)));
}

function encodeImages(
  { config, flava, precision, interpolation }: InferenceModel,
  input: ImageInput,
  wanted: Wanted = {},
): Encoded {
  const { heads } = config.image;
  const options = {
    heads,
    epsilon: config.epsilon,
    precision,
    ...wanted,
    ...(interpolation && { interpolation }),
  };
  return encodeImage(flava.image, config.image, input, options);
}

function encodeTexts(
  { config, flava, precision }: InferenceModel,
  input: TextInput,
  wanted: Wanted = {},
): Encoded {
  const { heads } = config.text;
  return encodeText(flava.text, input, { heads, epsilon: config.epsilon, precision, ...wanted });
}
