import { scope } from "../graph/trace.js";
import { broadcast } from "../graph/ops/broadcast.js";
import { concatenate } from "../graph/ops/concatenate.js";
import { affine } from "../graph/ops/affine.js";
import { cast } from "../graph/ops/cast.js";
import { slice } from "../graph/ops/slice.js";
import type { Tensor } from "../graph/tensor.js";
import type { Block } from "../nn/block.js";
import { type LayerNorm, layerNormParameters } from "../nn/layer-norm.js";
import { type Linear, exactLinear, linearParameters } from "../nn/linear.js";
import { type Parameter, constant } from "../nn/parameter.js";
import { computeDtype } from "../nn/precision.js";
import { type StackOptions, stackParameters } from "../nn/stack.js";
import type { StackConfig } from "./config.js";
import { type Encoded, encode, lastState } from "./encoded.js";

/** Parameters of the multimodal encoder of width D (flava.md 1.5). Leaves `T` are `Parameter`s, tensors or values. */
export interface MultimodalEncoder<T> {
  /** [D] */
  readonly cls: T;
  /** Projects from the image encoder's width. */
  readonly image: Linear<T>;
  /** Projects from the text encoder's width. */
  readonly text: Linear<T>;
  /** First to last. */
  readonly blocks: readonly Block<T>[];
  /** After the last block. */
  readonly norm: LayerNorm<T>;
  /** Of Hugging Face's model; nothing here reads it: [D, D]. */
  readonly pooler: Linear<T>;
}

export function multimodalEncoderParameters(
  config: StackConfig,
  imageWidth: number,
  textWidth: number,
): MultimodalEncoder<Parameter> {
  const { width } = config;
  return {
    cls: constant([width], 0),
    image: linearParameters(imageWidth, width),
    text: linearParameters(textWidth, width),
    blocks: stackParameters(config),
    norm: layerNormParameters(width),
    pooler: linearParameters(width, width),
  };
}

/**
 * The multimodal encoder (flava.md 1.5): reads the states of both encoders before their final normalization and returns
 * sequences [B, 1 + (1 + P) + L, D]: its own class token, the image's class token, the patches, the text.
 *
 * @param lengths number of real text tokens of each pair, int32 [B], to mask padding; default: no masking
 */
export function encodePair(
  p: MultimodalEncoder<Tensor>,
  image: Pick<Encoded, "states">,
  text: Pick<Encoded, "states">,
  options: StackOptions,
  lengths?: Tensor,
): Encoded {
  return scope("multimodal", () => {
    const { precision } = options;
    const dtype = computeDtype(precision);
    const fromImage = exactLinear(p.image, cast(lastState(image), dtype), precision); // [B, 1 + P, D]
    const fromText = exactLinear(p.text, cast(lastState(text), dtype), precision); // [B, L, D]
    const [batch = 0, imageLength = 0, width = 0] = fromImage.shape;
    const cls = broadcast(p.cls, [batch, 1, width]);
    const joined = concatenate([cls, fromImage, fromText], 1); // [B, 2 + P + L, D]
    const visible = lengths ? { visible: { lengths: affine(lengths, 1, 1 + imageLength) } } : {};
    return encode(p, joined, { ...options, ...visible });
  });
}

/** The patches of a multimodal sequence: [B, P, D]. */
export function patchesOf(sequence: Tensor, patches: number): Tensor {
  return slice(sequence, 1, 2, 2 + patches);
}

/** The text of a multimodal sequence, its last L positions: [B, L, D]. */
export function textOf(sequence: Tensor, length: number): Tensor {
  const [, total = 0] = sequence.shape;
  return slice(sequence, 1, total - length, total);
}
