import type { Tensor } from "../graph/tensor.js";
import type { Precision } from "../nn/precision.js";
import type { StackOptions } from "../nn/stack.js";
import type { FlavaConfig } from "./config.js";
import type { Encoded } from "./encoded.js";
import type { Flava } from "./flava.js";
import { type ImageInput, encodeImage } from "./image-encoder.js";
import { encodePair } from "./multimodal-encoder.js";
import type { Interpolation } from "./position-interpolation.js";
import { type TextInput, encodeText } from "./text-encoder.js";

/** A model being traced, with the parameters that are needed. */
export interface TracedModel<P = { readonly flava: Flava<Tensor> }> {
  /** Its sizes. */
  readonly config: FlavaConfig;
  /** Tensors, as the body of `compile` gets them from the state. */
  readonly parameters: P;
  /** Precision of matrix products. */
  readonly precision: Precision;
  /** Recomputes the activations within blocks in the backward pass instead of storing them. */
  readonly recompute?: boolean;
  /** How positions are interpolated for other image sizes; default: "size". */
  readonly interpolation?: Interpolation;
}

/** Which tokens the last block computes. */
export type EncoderOptions = Pick<StackOptions, "keepTokens" | "keepRows">;

/** Runs the image encoder of a model: images -> sequences [B, 1 + P, D]. */
export function encodeImages(
  model: TracedModel,
  input: ImageInput,
  options: EncoderOptions = {},
): Encoded {
  const { config, parameters, interpolation } = model;
  return encodeImage(parameters.flava.image, config.image, input, {
    ...stackOptions(model, "image"),
    ...(interpolation && { interpolation }),
    ...options,
  });
}

/** Runs the text encoder of a model: texts -> sequences [B, L, D]. */
export function encodeTexts(
  model: TracedModel,
  input: TextInput,
  options: EncoderOptions = {},
): Encoded {
  const all = { ...stackOptions(model, "text"), ...options };
  return encodeText(model.parameters.flava.text, input, all);
}

/**
 * Runs the multimodal encoder of a model: encoded images and texts -> sequences [B, 2 + P + L, D].
 *
 * @param lengths number of real tokens of each text, int32 [B]; padding is masked if `maskPadding` is configured
 */
export function encodePairs(
  model: TracedModel,
  images: Pick<Encoded, "states">,
  texts: Pick<Encoded, "states">,
  lengths: Tensor | undefined,
  options: EncoderOptions = {},
): Encoded {
  const visible = model.config.maskPadding ? lengths : undefined;
  const all = { ...stackOptions(model, "multimodal"), ...options };
  return encodePair(model.parameters.flava.multimodal, images, texts, all, visible);
}

function stackOptions(
  { config, precision, recompute = false }: TracedModel,
  encoder: "image" | "text" | "multimodal",
): StackOptions {
  return { heads: config[encoder].heads, epsilon: config.epsilon, precision, recompute };
}
