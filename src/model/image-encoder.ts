import type { Block } from "../nn/block.js";
import { type LayerNorm, layerNormParameters } from "../nn/layer-norm.js";
import { type Linear, exactLinear, linearParameters } from "../nn/linear.js";
import { type Parameter, constant } from "../nn/parameter.js";
import { type StackOptions, stackParameters } from "../nn/stack.js";
import { scope } from "../graph/trace.js";
import { add, multiply } from "../graph/ops/arithmetic.js";
import { broadcast } from "../graph/ops/broadcast.js";
import { concatenate } from "../graph/ops/concatenate.js";
import { affine } from "../graph/ops/affine.js";
import { cast } from "../graph/ops/cast.js";
import { permute } from "../graph/ops/permute.js";
import { reshape } from "../graph/ops/reshape.js";
import type { Tensor } from "../graph/tensor.js";
import { computeDtype } from "../nn/precision.js";
import { type ImageConfig, patchCount } from "./config.js";
import { type Encoded, encode } from "./encoded.js";
import { type Interpolation, interpolatePositions } from "./position-interpolation.js";

/**
 * Parameters of the image encoder of width D with P patches (flava.md 1.3). Leaves `T` are `Parameter`s, tensors or values.
 */
export interface ImageEncoder<T> {
  /** [D, channels * patch * patch] */
  readonly patch: Linear<T>;
  /** [D] */
  readonly cls: T;
  /** Replaces masked patches, [D]. */
  readonly mask: T;
  /** Position embeddings of the class token and the patches, [1 + P, D]. */
  readonly positions: T;
  /** First to last. */
  readonly blocks: readonly Block<T>[];
  /** After the last block. */
  readonly norm: LayerNorm<T>;
  /** Of Hugging Face's model; nothing here reads it: [D, D]. */
  readonly pooler: Linear<T>;
}

export function imageEncoderParameters(config: ImageConfig): ImageEncoder<Parameter> {
  const { width, channels, patch } = config;
  return {
    patch: linearParameters(channels * patch ** 2, width),
    cls: constant([width], 0),
    mask: constant([width], 0),
    positions: constant([1 + patchCount(config), width], 0),
    blocks: stackParameters(config),
    norm: layerNormParameters(width),
    pooler: linearParameters(width, width),
  };
}

/** What the image encoder reads. */
export interface ImageInput {
  /** Normalized images, float32 [B, channels, H, W]; H and W are multiples of the patch size. */
  readonly pixels: Tensor;
  /** 1 for hidden patches, else 0, float32 [B, P]; the class token cannot be hidden. */
  readonly hidden?: Tensor;
}

/** How the encoder computes. */
export interface ImageOptions extends StackOptions {
  /** How positions are interpolated for other image sizes (flava.md 1.3); default: "size". */
  readonly interpolation?: Interpolation;
}

/** The image encoder, a ViT with mask tokens (flava.md 1.3): B images -> sequences [B, 1 + P, D]. */
export function encodeImage(
  p: ImageEncoder<Tensor>,
  config: ImageConfig,
  input: ImageInput,
  options: ImageOptions,
): Encoded {
  return scope("image", () => {
    const patches = embedPatches(p, config, input, options); // [B, P, D]
    const [batch = 0, , width = 0] = patches.shape;
    const cls = broadcast(p.cls, [batch, 1, width]);
    const [, , height = 0, breadth = 0] = input.pixels.shape;
    const grid = [Math.floor(height / config.patch), Math.floor(breadth / config.patch)] as const;
    const positions = interpolatePositions(p.positions, grid, options.interpolation);
    const embedded = add(concatenate([cls, patches], 1), positions); // [B, 1 + P, D]
    return encode(p, embedded, options);
  });
}

/** Projected patches in row-major order, hidden ones replaced by the mask token: [B, P, D]. */
function embedPatches(
  p: ImageEncoder<Tensor>,
  { patch, channels }: ImageConfig,
  { pixels, hidden }: ImageInput,
  { precision }: ImageOptions,
): Tensor {
  const [batch = 0, , height = 0, breadth = 0] = pixels.shape;
  const [rows, columns] = [Math.floor(height / patch), Math.floor(breadth / patch)];
  const cut = reshape(pixels, [batch, channels, rows, patch, columns, patch]);
  const gathered = permute(cut, [0, 2, 4, 1, 3, 5]); // [B, rows, columns, C, patch, patch]
  const flat = reshape(cast(gathered, computeDtype(precision)), [
    batch,
    rows * columns,
    channels * patch ** 2,
  ]);
  const projected = exactLinear(p.patch, flat, precision); // [B, P, D]
  if (!hidden) return projected;
  const covered = reshape(hidden, [batch, rows * columns, 1]);
  return add(multiply(projected, affine(covered, -1, 1)), multiply(covered, p.mask));
}
