/**
 * Preprocessing of decoded images, bit-identical to Hugging Face's `FlavaImageProcessor` with Pillow (flava.md 4.1).
 * Does not need Node.
 */
import { fastResample } from "./fast-resample.js";
import type { Filter } from "./filter.js";
import { type Image, crop } from "./image.js";

/** Both sides, or the shorter side, with the aspect ratio preserved. */
export type ViewSize =
  | {
      /** In pixels. */
      readonly height: number;
      /** In pixels. */
      readonly width: number;
    }
  | {
      /** The shorter side in pixels; the other one follows. */
      readonly shortestEdge: number;
    };

/** The steps that produce a view of an image, in this order; absent steps are skipped. */
export interface View {
  /** The size to resize to, and the resampling filter. */
  readonly resize?: { readonly size: ViewSize; readonly filter: Filter };
  /** Size of the center crop, padded with black. */
  readonly centerCrop?: { readonly height: number; readonly width: number };
  /** Factor for the 8-bit values. */
  readonly rescale?: number;
  /** Subtracts the mean and divides by the standard deviation of each color. */
  readonly normalize?: { readonly mean: Color; readonly std: Color };
  /** Maps 0..1 to 0.1..0.9, for the codebook (flava.md 2.3). */
  readonly mapPixels: boolean;
}

/** One number each for red, green and blue. */
export type Color = readonly [number, number, number];

/** How patches are chosen for masking (flava.md 3.3, 4.1). */
export interface MaskSettings {
  /** Patches along one side of the image. */
  readonly patches: number;
  /** Patches that are hidden in all. */
  readonly total: number;
  /** Least number of patches of a group. */
  readonly minGroup: number;
  /** Largest number of patches of a group; default: the number left to hide. */
  readonly maxGroup?: number;
  /** Least ratio of a group's height to its width. */
  readonly minAspect: number;
  /** Largest ratio of a group's height to its width; default: 1 / minAspect. */
  readonly maxAspect?: number;
}

/** The settings in Hugging Face's preprocessor_config.json. */
export interface ImageProcessor {
  /** What the image encoder reads. */
  readonly encoder: View;
  /** What the codebook reads, from the same image. */
  readonly codebook: View;
  /** How patches are hidden. */
  readonly mask: MaskSettings;
  /** Whether Hugging Face's processor returns masks by default; ours returns only what is requested. */
  readonly returnsMask: boolean;
  /** Whether Hugging Face's processor returns the codebook's view by default. */
  readonly returnsCodebookPixels: boolean;
}

const clipMean: Color = [0.48145466, 0.4578275, 0.40821073];
const clipStd: Color = [0.26862954, 0.26130258, 0.27577711];

/** The processor of the published models (flava.md 4.1) for square views of the given sizes in pixels. */
export function defaultProcessor(size = 224, codebookSize = 112): ImageProcessor {
  const square = { height: size, width: size };
  const codebookSquare = { height: codebookSize, width: codebookSize };
  return {
    encoder: {
      resize: { size: square, filter: "bicubic" },
      centerCrop: square,
      rescale: 1 / 255,
      normalize: { mean: clipMean, std: clipStd },
      mapPixels: false,
    },
    codebook: {
      resize: { size: codebookSquare, filter: "lanczos" },
      centerCrop: codebookSquare,
      rescale: 1 / 255,
      normalize: { mean: [0, 0, 0], std: [1, 1, 1] },
      mapPixels: true,
    },
    mask: { patches: 14, total: 75, minGroup: 16, minAspect: 0.3 },
    returnsMask: false,
    returnsCodebookPixels: false,
  };
}

/** What the image encoder reads of `image`, resized, cropped and normalized: float32 `[3, H, W]`. */
export function pixelsOf(image: Image, { encoder }: ImageProcessor): Float32Array {
  return viewOf(image, encoder);
}

/** The codebook's view, also made from the original `image`: float32 `[3, h, w]`, by default in 0.1..0.9. */
export function codebookPixelsOf(image: Image, { codebook }: ImageProcessor): Float32Array {
  return viewOf(image, codebook);
}

/** Writes the encoder's view of `image` into a batch at element `offset`. */
export function writePixels(
  image: Image,
  { encoder }: ImageProcessor,
  target: Float32Array,
  offset = 0,
): void {
  writeView(image, encoder, target, offset);
}

/** The shape `[3, H, W]` of a view; depends on the image if the view neither crops nor fixes both sides. */
export function viewShape(
  { width, height }: Pick<Image, "width" | "height">,
  view: View,
): [3, number, number] {
  const size = view.centerCrop ?? resizedSize({ width, height }, view);
  return [3, size.height, size.width];
}

/** One view of `image`: float32 `[3, H, W]`. */
export function viewOf(image: Image, view: View): Float32Array {
  const [colors, height, width] = viewShape(image, view);
  const target = new Float32Array(colors * height * width);
  writeView(image, view, target, 0);
  return target;
}

/** Writes one view of `image`, `[3, H, W]`, into `target`. */
export function writeView(image: Image, view: View, target: Float32Array, offset: number): void {
  let seen = image;
  if (view.resize) {
    const { filter } = view.resize;
    seen = fastResample(image, { ...resizedSize(image, view), filter });
  }
  if (view.centerCrop) {
    const { height, width } = view.centerCrop;
    const left = cropStart(seen.width, width);
    const top = cropStart(seen.height, height);
    seen = crop(seen, { left, top, width, height });
  }
  writeNumbers(seen, view, target, offset);
}

/** The offset of a crop: rounded down, or away from zero if padded instead, as in Hugging Face. */
function cropStart(size: number, target: number): number {
  return target <= size ? Math.floor((size - target) / 2) : -Math.ceil((target - size) / 2);
}

function resizedSize(
  { width, height }: Pick<Image, "width" | "height">,
  { resize }: View,
): { width: number; height: number } {
  if (!resize) return { width, height };
  if (!("shortestEdge" in resize.size)) return resize.size;
  const short = resize.size.shortestEdge;
  const long = Math.trunc((short * Math.max(width, height)) / Math.min(width, height));
  return width <= height ? { width: short, height: long } : { width: long, height: short };
}

/**
 * Rescales, normalizes and maps the pixels of an image that has its final size, and separates the channels: `[3, H,
 * W]`. `mirrored` swaps left and right.
 */
export function writeNumbers(
  { pixels, width, height }: Image,
  view: View,
  target: Float32Array,
  offset: number,
  mirrored = false,
): void {
  const size = width * height;
  if (!(Number.isInteger(offset) && offset >= 0 && offset + 3 * size <= target.length)) {
    throw new RangeError(
      `A view of 3 x ${height} x ${width} numbers does not fit at ${offset} into ${target.length} numbers.`,
    );
  }
  const step = mirrored ? -3 : 3;
  for (let color = 0; color < 3; color++) {
    const numbers = numbersOf(view)[color]!;
    let to = offset + color * size;
    for (let y = 0; y < height; y++) {
      let from = (y * width + (mirrored ? width - 1 : 0)) * 3 + color;
      for (const end = to + width; to < end; from += step) target[to++] = numbers[pixels[from]!]!;
    }
  }
}

const tables = new WeakMap<View, readonly Float32Array[]>();

/** The output value for each of the 256 levels of each color, made once for a view. */
function numbersOf(view: View): readonly Float32Array[] {
  const known = tables.get(view);
  if (known) return known;
  const made = [0, 1, 2].map((color) => tableOf(view, color));
  tables.set(view, made);
  return made;
}

/** The output value for each of the 256 levels, computed in NumPy's float32 steps to be bit-identical. */
function tableOf({ rescale, normalize, mapPixels }: View, color: number): Float32Array {
  const { fround } = Math;
  return Float32Array.from({ length: 256 }, (_, level) => {
    let value = fround(level * (rescale ?? 1));
    if (normalize) {
      const { mean, std } = normalize;
      value = fround(fround(value - fround(mean[color]!)) / fround(std[color]!));
    }
    return mapPixels ? fround(fround(fround(0.8) * value) + fround(0.1)) : value;
  });
}
