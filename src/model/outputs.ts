/** FLAVA's outputs for images, texts and pairs. A program computes only what its outputs require. */
import { scope } from "../graph/trace.js";
import { subtract } from "../graph/ops/arithmetic.js";
import { sigmoid } from "../graph/ops/elementwise.js";
import { softmax } from "../graph/ops/softmax.js";
import { slice } from "../graph/ops/slice.js";
import { reshape } from "../graph/ops/reshape.js";
import type { Tensor } from "../graph/tensor.js";
import type { Precision } from "../nn/precision.js";
import { type Encoded, tokenAt } from "./encoded.js";
import { type PretrainingHeads, embed } from "./flava.js";
import { type MaskedHead, matchLogits, maskedLogits } from "./heads.js";
import type { ImageInput } from "./image-encoder.js";
import type { TextInput } from "./text-encoder.js";
import {
  type EncoderOptions,
  type TracedModel,
  encodeImages,
  encodePairs,
  encodeTexts,
} from "./traced-model.js";

/** What the image encoder or the text encoder gives. Only what a program's outputs need is computed. */
export interface UnimodalOutputs {
  /** L2-normalized contrastive embedding: float32 [B, projection]. */
  readonly embedding: Tensor;
  /** Every token after the final normalization: float32 [B, L, D]. */
  readonly sequence: Tensor;
  /** The embedding and each block's output, before the final normalization: float32 [B, L, D] each. */
  readonly states: readonly Tensor[];
  /** How the tokens attend to each other in a block, counted from 1, default the last: float32 [B, H, L, L]. */
  readonly attention: Encoded["attention"];
}

/** What the multimodal encoder gives. Only what a program's outputs need is computed. */
export interface PairOutputs {
  /** Its class token, the image's class token, the patches, the text: float32 [B, 2 + P + L, D]. */
  readonly sequence: Tensor;
  /** The class token: float32 [B, D]. */
  readonly vector: Tensor;
  /** The embedding and each block's output, before the final normalization: float32 [B, 2 + P + L, D] each. */
  readonly states: readonly Tensor[];
  /**
   * How the tokens of `sequence` attend to each other in a block, counted from 1, default the last: float32 [B, H, 2 + P +
   * L, 2 + P + L].
   */
  readonly attention: Encoded["attention"];
}

/** Outputs of the image encoder: its tokens, and the contrastive embedding of their first one (flava.md 1.3, 1.6). */
export function imageOutputs(
  model: TracedModel,
  input: ImageInput,
  options: EncoderOptions = {},
): UnimodalOutputs {
  const { parameters, precision } = model;
  const encoded = encodeImages(model, input, options);
  return { ...encoded, embedding: embed(parameters.flava.imageProjection, encoded, precision) };
}

/** Outputs of the text encoder: its tokens, and the contrastive embedding of their first one (flava.md 1.4, 1.6). */
export function textOutputs(
  model: TracedModel,
  input: TextInput,
  options: EncoderOptions = {},
): UnimodalOutputs {
  const { parameters, precision } = model;
  const encoded = encodeTexts(model, input, options);
  return { ...encoded, embedding: embed(parameters.flava.textProjection, encoded, precision) };
}

/**
 * Outputs of the multimodal encoder for image-text pairs (flava.md 1.5), which reads both encoders' tokens: sequences [B, 2
 * + P + L, D].
 */
export function pairOutputs(
  model: TracedModel,
  image: ImageInput,
  text: TextInput,
  options: EncoderOptions = {},
): PairOutputs {
  const [images, texts] = [encodeImages(model, image), encodeTexts(model, text)];
  const encoded = encodePairs(model, images, texts, text.lengths, options);
  return { ...encoded, vector: tokenAt(encoded.sequence, 0) };
}

/** The logit of the probability that the image and text of each pair match: float32 [B]. */
export function matchLogit(
  heads: Pick<PretrainingHeads<Tensor>, "itm">,
  { sequence }: Pick<PairOutputs, "sequence">,
  precision: Precision,
): Tensor {
  const logits = matchLogits(heads.itm, sequence, precision); // [B, 2]
  return reshape(subtract(slice(logits, 1, 1, 2), slice(logits, 1, 0, 1)), [-1]);
}

/** The probability that the image and text of each pair match: float32 [B]. */
export function matchProbability(
  heads: Pick<PretrainingHeads<Tensor>, "itm">,
  { sequence }: Pick<PairOutputs, "sequence">,
  precision: Precision,
): Tensor {
  return sigmoid(matchLogit(heads, { sequence }, precision));
}

/** The probabilities of all vocabulary entries at selected tokens: rows [N, D] of a sequence -> float32 [N, V]. */
export function tokenProbabilities(
  { config, precision }: Pick<TracedModel, "config" | "precision">,
  head: MaskedHead<Tensor>,
  rows: Tensor,
): Tensor {
  return scope("fill", () => softmax(maskedLogits(head, rows, config.headEpsilon, precision)));
}
