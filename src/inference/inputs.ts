/** Images and texts packed into the inputs of a program, a bucket at a time. */
import type { Image } from "../data/image/image.js";
import { type ImageProcessor, viewShape, writePixels } from "../data/image/processor.js";
import { type TensorSpec, spec } from "../graph/tensor.js";
import type { FlavaConfig } from "../model/config.js";
import type { Bucket } from "./buckets.js";

/** Pixels: float32 [B, C, H, W]. */
export type ImageInputs = { readonly pixels: TensorSpec };
/** Token ids [B, L], padded, and numbers of tokens [B]: int32. */
export type TextInputs = { readonly ids: TensorSpec; readonly lengths: TensorSpec };
/** Places in a batch of texts flattened to [B * L], as many for each text, padded with -1: int32 [N]. */
export type PlaceInputs = { readonly places: TensorSpec };
/** A text with hidden word pieces. */
export interface HiddenWords {
  /** Token ids from [CLS] to [SEP], with [MASK] at the hidden places: int32 [L]. */
  readonly ids: Int32Array;
  /** The hidden places. */
  readonly places: Int32Array;
}
/** An image, or its pixels as the encoder reads them (`pixelsOf`): float32 [C, H, W]. */
export type ImageOrPixels = Image | Float32Array;
/** A text, or its token ids from [CLS] to [SEP] (`Tokenizer.encode`): int32 [L]. */
export type TextOrIds = string | Int32Array;
/** Shape of an image as the encoder reads it: [C, H, W]. */
export type ViewShape = readonly [number, number, number];

export function imageSpecs({ batch }: Bucket, shape: ViewShape): ImageInputs {
  return { pixels: spec([batch, ...shape]) };
}

export function textSpecs({ batch, length }: Bucket): TextInputs {
  return { ids: spec([batch, length], "int32"), lengths: spec([batch], "int32") };
}

/** The pixels of a bucket's images; padding rows are zero. */
export function packImages(
  images: readonly ImageOrPixels[],
  { rows, batch }: Bucket,
  processor: ImageProcessor,
  shape: ViewShape,
): { pixels: Float32Array } {
  const size = shape.reduce((product, side) => product * side);
  const pixels = new Float32Array(batch * size);
  for (const [index, row] of rows.entries()) {
    const image = images[row]!;
    if (image instanceof Float32Array) pixels.set(image, index * size);
    else writePixels(image, processor, pixels, index * size);
  }
  return { pixels };
}

/** The token ids of a bucket's texts; padding rows are texts of one padding token. */
export function packTexts(
  encoded: readonly Int32Array[],
  { rows, batch, length }: Bucket,
): { ids: Int32Array; lengths: Int32Array } {
  const ids = new Int32Array(batch * length);
  const lengths = new Int32Array(batch).fill(1);
  for (const [index, row] of rows.entries()) {
    ids.set(encoded[row]!, index * length);
    lengths[index] = encoded[row]!.length;
  }
  return { ids, lengths };
}

export const placeSpecs = (count: number): PlaceInputs => ({ places: spec([count], "int32") });

/** The hidden places of a bucket's texts. */
export function packPlaces(
  texts: readonly HiddenWords[],
  { rows, batch, length }: Bucket,
): Int32Array {
  const most = Math.max(1, ...rows.map((row) => texts[row]!.places.length));
  const packed = new Int32Array(batch * most).fill(-1);
  for (const [index, row] of rows.entries()) {
    const { places } = texts[row]!;
    packed.set(
      places.map((place) => index * length + place),
      index * most,
    );
  }
  return packed;
}

/**
 * The shape of every image: programs are compiled for a single one.
 * @throws RangeError if the processor's output varies in size or is no multiple of the patches
 */
export function fixedViewShape(
  { encoder }: ImageProcessor,
  { image }: Pick<FlavaConfig, "image">,
): ViewShape {
  const isFixed = encoder.centerCrop ?? (encoder.resize && "height" in encoder.resize.size);
  const shape = viewShape({ width: image.size, height: image.size }, encoder);
  const [, height, width] = shape;
  if (isFixed && height % image.patch === 0 && width % image.patch === 0) return shape;
  throw new RangeError(
    `The image processor outputs ${isFixed ? `${width} x ${height}` : "varying numbers of"} pixels, but this model reads ` +
      `images of one size, a multiple of its patches of ${image.patch}, such as ${image.size} x ${image.size}. ` +
      "Set size or crop_size in preprocessor_config.json.",
  );
}
