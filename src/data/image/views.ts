/**
 * The two views of an image in pretraining: the same random crop, resized with bicubic interpolation for the encoder
 * and Lanczos for the codebook (flava.md 4.3).
 */
import { type Key, below, foldIn, uniformAt } from "../../base/random.js";
import { jittered } from "./color-jitter.js";
import { fastResample } from "./fast-resample.js";
import { type Image, type Window, crop } from "./image.js";
import { type ImageProcessor, type View, writeNumbers } from "./processor.js";

/** How the random views of training differ from the image. Both views show the same crop (flava.md 4.3). */
export interface TrainingViewOptions {
  /** Range of the crop's fraction of the image's area; default: 0.9 to 1. */
  readonly scale?: readonly [number, number];
  /** Range of the crop's ratio of width to height; default: 3/4 to 4/3. */
  readonly ratio?: readonly [number, number];
  /** Probability of a horizontal flip; default: 0. */
  readonly flip?: number;
  /** Largest deviation of brightness, contrast and saturation from 1; default: 0. */
  readonly jitter?: number;
}

/** The batches to write the views to, with element offsets. */
interface ViewTargets {
  /** For the encoder: `[3, H, W]` at the offset. */
  readonly pixels: Float32Array;
  readonly pixelsOffset: number;
  /** For the codebook: `[3, h, w]` at the offset. */
  readonly codebookPixels: Float32Array;
  readonly codebookOffset: number;
}

/** What part of an image its views show, and whether they are mirrored. */
interface Shown {
  readonly window: Window;
  readonly mirrored: boolean;
}

/**
 * Writes two random views of `image`, determined by `key`, into batches. Both sides are resized. Use a different key
 * for each image in each epoch.
 */
export function writeTrainingViews(
  image: Image,
  key: Key,
  { encoder, codebook }: ImageProcessor,
  options: TrainingViewOptions,
  { pixels, pixelsOffset, codebookPixels, codebookOffset }: ViewTargets,
): Shown {
  const { part, window, mirrored } = randomPart(image, key, options);
  writeStretched(part, encoder, mirrored, pixels, pixelsOffset);
  writeStretched(part, codebook, mirrored, codebookPixels, codebookOffset);
  return { window, mirrored };
}

/** Writes the encoder's view alone, the same as that of `writeTrainingViews`. */
export function writeTrainingPixels(
  image: Image,
  key: Key,
  { encoder }: ImageProcessor,
  options: TrainingViewOptions,
  pixels: Float32Array,
  offset: number,
): void {
  const { part, mirrored } = randomPart(image, key, options);
  writeStretched(part, encoder, mirrored, pixels, offset);
}

/** A random crop with random colors, and whether it is to be mirrored. */
function randomPart(
  image: Image,
  key: Key,
  options: TrainingViewOptions,
): Shown & { readonly part: Image } {
  const { flip = 0, jitter = 0 } = options;
  const window = randomWindow(image, foldIn(key, "crop"), options);
  const mirrored = uniformAt(foldIn(key, "flip"), 0) < flip;
  // Contrast depends on the whole image, so jitter comes before the crop.
  const colored = jitter > 0 ? jittered(image, foldIn(key, "jitter"), jitter) : image;
  // Copied, so that surrounding pixels do not affect the border.
  return { part: crop(colored, window), window, mirrored };
}

/**
 * A random crop by torchvision's rules: area and log aspect ratio are uniform; after ten attempts that do not fit, the
 * largest central crop with an allowed ratio.
 */
export function randomWindow(
  { width, height }: Pick<Image, "width" | "height">,
  key: Key,
  { scale = [0.9, 1], ratio = [3 / 4, 4 / 3] }: Pick<TrainingViewOptions, "scale" | "ratio"> = {},
): Window {
  if (!(scale[0] > 0 && scale[0] <= scale[1] && ratio[0] > 0 && ratio[0] <= ratio[1])) {
    throw new RangeError(
      `Crops need ranges above 0, the smaller number first, not a scale of ${scale.join(" to ")} and a ratio of ` +
        `${ratio.join(" to ")}.`,
    );
  }
  const [low, high] = [Math.log(ratio[0]), Math.log(ratio[1])];
  for (let attempt = 0; attempt < 10; attempt++) {
    const part = width * height * (scale[0] + (scale[1] - scale[0]) * uniformAt(key, 2 * attempt));
    const aspect = Math.exp(low + (high - low) * uniformAt(key, 2 * attempt + 1));
    const size = {
      width: Math.round(Math.sqrt(part * aspect)),
      height: Math.round(Math.sqrt(part / aspect)),
    };
    if (size.width < 1 || size.width > width || size.height < 1 || size.height > height) continue;
    const left = below(foldIn(key, "left"), width - size.width + 1);
    const top = below(foldIn(key, "top"), height - size.height + 1);
    return { left, top, ...size };
  }
  const wide = Math.max(1, Math.min(width, Math.round(height * ratio[1])));
  const tall = Math.max(1, Math.min(height, Math.round(width / ratio[0])));
  return {
    left: Math.floor((width - wide) / 2),
    top: Math.floor((height - tall) / 2),
    width: wide,
    height: tall,
  };
}

function writeStretched(
  part: Image,
  view: View,
  mirrored: boolean,
  target: Float32Array,
  offset: number,
): void {
  const filter = view.resize?.filter ?? "bicubic";
  const seen = fastResample(part, { ...sidesOf(view), filter });
  writeNumbers(seen, view, target, offset, mirrored);
}

/** The size of a view: a random crop has no fixed size, so that of the center crop or the resize. */
function sidesOf({ centerCrop, resize }: View): {
  readonly width: number;
  readonly height: number;
} {
  if (centerCrop) return centerCrop;
  if (resize) {
    const { size } = resize;
    return "shortestEdge" in size ? { width: size.shortestEdge, height: size.shortestEdge } : size;
  }
  throw new RangeError(
    "Training views need a processor that says their size: its resize or centerCrop.",
  );
}
