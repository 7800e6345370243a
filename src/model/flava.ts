/** FLAVA: three encoders, projections to the contrastive space, and the pre-training heads (flava.md 1). */
import { l2Normalize } from "../graph/ops/l2-normalize.js";
import type { Tensor } from "../graph/tensor.js";
import { type Linear, exactLinear, linearParameters } from "../nn/linear.js";
import { type Parameter, constant } from "../nn/parameter.js";
import type { Precision } from "../nn/precision.js";
import { type Codebook, codebookParameters } from "./codebook.js";
import type { FlavaConfig } from "./config.js";
import { type Encoded, tokenAt } from "./encoded.js";
import {
  type MaskedHead,
  type MatchHead,
  maskedHeadParameters,
  matchHeadParameters,
} from "./heads.js";
import { type ImageEncoder, imageEncoderParameters } from "./image-encoder.js";
import { type MultimodalEncoder, multimodalEncoderParameters } from "./multimodal-encoder.js";
import { type TextEncoder, textEncoderParameters } from "./text-encoder.js";

/** The three encoders and the projections: the parts used after pre-training. */
export interface Flava<T> {
  /** The image encoder. */
  readonly image: ImageEncoder<T>;
  /** The text encoder. */
  readonly text: TextEncoder<T>;
  /** The multimodal encoder. */
  readonly multimodal: MultimodalEncoder<T>;
  /** From the image encoder's class token to the contrastive space: [projection, D]. */
  readonly imageProjection: Linear<T>;
  /** From the text encoder's class token to the contrastive space: [projection, D]. */
  readonly textProjection: Linear<T>;
  /** Log of the scale of contrastive similarities, []. */
  readonly logitScale: T;
}

/** Heads for the masked and matching objectives. */
export interface PretrainingHeads<T> {
  /** Visual tokens of hidden patches, from the image encoder. */
  readonly mim: MaskedHead<T>;
  /** Hidden word pieces, from the text encoder. */
  readonly mlm: MaskedHead<T>;
  /** Visual tokens of hidden patches, from the multimodal encoder. */
  readonly mmmImage: MaskedHead<T>;
  /** Hidden word pieces, from the multimodal encoder. */
  readonly mmmText: MaskedHead<T>;
  /** Whether image and text match, from the multimodal encoder. */
  readonly itm: MatchHead<T>;
}

/** Everything in a pre-training checkpoint. The codebook is frozen. */
export interface FlavaForPretraining<T> {
  /** Encoders and projections. */
  readonly flava: Flava<T>;
  /** Heads of the losses. */
  readonly heads: PretrainingHeads<T>;
  /** Gives the targets of masked patches. */
  readonly codebook: Codebook<T>;
}

/** ln(1 / 0.07), rounded as in the published configuration. */
export const initialLogitScale = 2.6592;

/** The parameters of the encoders and projections, declared for `State` and `initialize`. */
export function flavaParameters(config: FlavaConfig): Flava<Parameter> {
  const { image, text, multimodal, projection } = config;
  return {
    image: imageEncoderParameters(image),
    text: textEncoderParameters(text),
    multimodal: multimodalEncoderParameters(multimodal, image.width, text.width),
    imageProjection: linearParameters(image.width, projection),
    textProjection: linearParameters(text.width, projection),
    logitScale: constant([], initialLogitScale),
  };
}

export function pretrainingHeadParameters(config: FlavaConfig): PretrainingHeads<Parameter> {
  const { image, text, multimodal } = config;
  return {
    mim: maskedHeadParameters(image.width, image.vocabulary),
    mlm: maskedHeadParameters(text.width, text.vocabulary),
    mmmImage: maskedHeadParameters(multimodal.width, image.vocabulary),
    mmmText: maskedHeadParameters(multimodal.width, text.vocabulary),
    itm: matchHeadParameters(multimodal.width),
  };
}

/**
 * The parameters of everything that pre-training has: encoders, projections, heads and codebook, declared for `State` and
 * `initialize`.
 */
export function pretrainingParameters(config: FlavaConfig): FlavaForPretraining<Parameter> {
  return {
    flava: flavaParameters(config),
    heads: pretrainingHeadParameters(config),
    codebook: codebookParameters(config.codebook),
  };
}

/** The contrastive embedding: the projected class token, L2-normalized, [B, L, D] -> float32 [B, projection]. */
export function embed(
  projection: Linear<Tensor>,
  { sequence }: Pick<Encoded, "sequence">,
  precision: Precision,
): Tensor {
  return l2Normalize(exactLinear(projection, tokenAt(sequence, 0), precision));
}
