/**
 * Resampling, bit-identical to Pillow 13: a separable antialiased filter, in one pass along rows and one along columns,
 * in integer arithmetic rounded to 8 bits after each pass. Does not need Node.
 */
import { type Filter, type Taps, precisionBits, tapsOf } from "./filter.js";
import type { Image } from "./image.js";

interface ResampleOptions {
  readonly width: number;
  readonly height: number;
  readonly filter: Filter;
  /** The part of the image to resize, in possibly fractional pixels; default: all of it. */
  readonly box?: {
    readonly left: number;
    readonly top: number;
    readonly right: number;
    readonly bottom: number;
  };
}

export type Resample = (image: Image, options: ResampleOptions) => Image;

/** The two passes over pixels `[H, W, 3]`. */
export interface Passes {
  /** Resizes each row: `[H, taps.outputs, 3]`. */
  readonly alongRows: (pixels: Uint8Array, width: number, taps: Taps) => Uint8Array;
  /** Resizes each column: `[taps.outputs, W, 3]`. */
  readonly alongColumns: (pixels: Uint8Array, width: number, taps: Taps) => Uint8Array;
}

/**
 * Resizes `image`, or the given box, to width x height, like Pillow's `Image.resize(size, filter, box)`. Pixels around
 * the box affect those at its border; `crop` first to avoid that. Throws a RangeError for an invalid size or box.
 */
export const resample: Resample = (image, options) =>
  resampleBy({ alongRows, alongColumns }, image, options);

/** Resamples with the given passes, skipping those that change nothing. */
export function resampleBy(passes: Passes, image: Image, options: ResampleOptions): Image {
  const { width, height, filter } = options;
  const box = options.box ?? { left: 0, top: 0, right: image.width, bottom: image.height };
  checkSizes(image, width, height);
  const across = rangeOf("left", box.left, "right", box.right, image.width);
  const down = rangeOf("top", box.top, "bottom", box.bottom, image.height);
  const horizontal = isWhole(across, image.width, width)
    ? undefined
    : tapsOf(filter, image.width, across, width);
  const vertical = isWhole(down, image.height, height)
    ? undefined
    : tapsOf(filter, image.height, down, height);

  let pixels = vertical ? rowsUnder(vertical, image) : image.pixels;
  if (vertical && columnsFirst(image, options)) {
    pixels = passes.alongColumns(pixels, image.width, vertical);
    if (horizontal) pixels = passes.alongRows(pixels, image.width, horizontal);
  } else {
    if (horizontal) pixels = passes.alongRows(pixels, image.width, horizontal);
    if (vertical) pixels = passes.alongColumns(pixels, width, vertical);
  }
  return { width, height, pixels: horizontal || vertical ? pixels : pixels.slice() };
}

/** Whether Pillow starts with the columns: the height shrinks by more than twice as much as the width. */
function columnsFirst(image: Image, { width, height }: ResampleOptions): boolean {
  const loss = image.height - height;
  return loss > 0 && loss > 2 * (image.width - width);
}

function isWhole([start, end]: Range, inputs: number, outputs: number): boolean {
  return inputs === outputs && start === 0 && end === inputs;
}

/** The rows of the image that are used. Shifts `taps` to count from the first of them. */
function rowsUnder(taps: Taps, { width, pixels }: Image): Uint8Array {
  const { outputs, stride, rows } = taps;
  const last = (outputs - 1) * stride;
  const first = rows[0]!;
  const end = rows[last]! + rows[last + 1]!;
  for (let row = 0; row <= last; row += stride) rows[row]! -= first;
  return pixels.subarray(first * width * 3, end * width * 3);
}

type Range = readonly [start: number, end: number];

/** One axis of the box, in Pillow's precision. */
function rangeOf(from: string, start: number, to: string, end: number, size: number): Range {
  if (start >= 0 && end <= size && Math.fround(start) < Math.fround(end)) {
    return [Math.fround(start), Math.fround(end)];
  }
  throw new RangeError(
    `A box lies within its image and is not empty; here it goes from ${from} ${start} to ${to} ${end} ` +
      `of ${size} pixels.`,
  );
}

function checkSizes({ width, height, pixels }: Image, ...target: readonly number[]): void {
  if (pixels.length !== width * height * 3) {
    throw new RangeError(
      `An image of ${width} x ${height} has ${width * height * 3} numbers, not ${pixels.length}.`,
    );
  }
  if (!target.every((size) => Number.isInteger(size) && size >= 1 && size <= 65_535)) {
    throw new RangeError(
      `Images are resampled to sizes from 1 to 65535, not ${target.join(" x ")}.`,
    );
  }
}

const half = 1 << (precisionBits - 1);

function alongRows(pixels: Uint8Array, width: number, taps: Taps): Uint8Array {
  const { outputs, stride, rows } = taps;
  const height = pixels.length / (3 * width);
  const result = new Uint8ClampedArray(height * outputs * 3);
  let to = 0;
  for (let y = 0; y < height; y++) {
    for (let row = 0; row < rows.length; row += stride) {
      let from = (y * width + rows[row]!) * 3;
      let red = half;
      let green = half;
      let blue = half;
      const end = row + 2 + rows[row + 1]!;
      for (let tap = row + 2; tap < end; tap++) {
        const weight = rows[tap]!;
        red += pixels[from++]! * weight;
        green += pixels[from++]! * weight;
        blue += pixels[from++]! * weight;
      }
      result[to++] = red >> precisionBits;
      result[to++] = green >> precisionBits;
      result[to++] = blue >> precisionBits;
    }
  }
  return new Uint8Array(result.buffer);
}

function alongColumns(pixels: Uint8Array, width: number, taps: Taps): Uint8Array {
  const { outputs, stride, rows } = taps;
  const length = width * 3;
  const result = new Uint8ClampedArray(outputs * length);
  const sums = new Int32Array(length); // row by row, for sequential memory access
  for (let output = 0; output < outputs; output++) {
    const row = output * stride;
    const count = rows[row + 1]!;
    sums.fill(half);
    for (let tap = 0; tap < count; tap++) {
      const weight = rows[row + 2 + tap]!;
      const from = (rows[row]! + tap) * length;
      for (let x = 0; x < length; x++) sums[x]! += pixels[from + x]! * weight;
    }
    for (let x = 0; x < length; x++) result[output * length + x] = sums[x]! >> precisionBits;
  }
  return new Uint8Array(result.buffer);
}
