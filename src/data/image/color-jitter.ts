/** Random changes of brightness, contrast and saturation, as in torchvision's ColorJitter with Pillow. */
import { type Key, below, foldIn, uniformAt } from "../../base/random.js";
import type { Image } from "./image.js";

type Change = (pixels: Uint8Array, factor: number) => Uint8Array;

const changes: readonly Change[] = [brighten, stretchContrast, saturate];

/**
 * Multiplies brightness, contrast and saturation of `image`, in random order, by random factors from 1 - strength (at
 * least 0) to 1 + strength (flava.md 4.3).
 */
export function jittered(image: Image, key: Key, strength: number): Image {
  let { pixels } = image;
  const left = changes.map((change, index) => ({ change, index }));
  while (left.length > 0) {
    const [next] = left.splice(below(foldIn(key, left.length), left.length), 1);
    const low = Math.max(1 - strength, 0);
    const factor = low + (1 + strength - low) * uniformAt(key, next!.index);
    pixels = next!.change(pixels, factor);
  }
  return { ...image, pixels };
}

function brighten(pixels: Uint8Array, factor: number): Uint8Array {
  const levels = blendTable(0, factor);
  return pixels.map((level) => levels[level]!);
}

/** Moves colors away from or toward the mean gray level. */
function stretchContrast(pixels: Uint8Array, factor: number): Uint8Array {
  let sum = 0;
  for (let at = 0; at < pixels.length; at += 3) sum += grayAt(pixels, at);
  const levels = blendTable(Math.floor(sum / (pixels.length / 3) + 0.5), factor);
  return pixels.map((level) => levels[level]!);
}

/** Moves colors away from or toward the gray level of each pixel. */
function saturate(pixels: Uint8Array, factor: number): Uint8Array {
  const result = new Uint8Array(pixels.length);
  for (let at = 0; at < pixels.length; at += 3) {
    const gray = grayAt(pixels, at);
    for (let color = at; color < at + 3; color++) {
      result[color] = blend(gray, pixels[color]!, factor);
    }
  }
  return result;
}

/** The luma of ITU-R BT.601, in 16-bit fixed point. */
function grayAt(pixels: Uint8Array, at: number): number {
  const [red, green, blue] = [pixels[at]!, pixels[at + 1]!, pixels[at + 2]!];
  return (red * 19_595 + green * 38_470 + blue * 7_471 + 0x8000) >> 16;
}

function blendTable(from: number, factor: number): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, level) => blend(from, level, factor));
}

/** Linear interpolation from `from` (factor 0) to `to` (factor 1) and beyond, truncated to an integer. */
function blend(from: number, to: number, factor: number): number {
  return Math.trunc(Math.min(Math.max(from + factor * (to - from), 0), 255));
}
