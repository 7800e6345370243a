/** Random changes of brightness, contrast and saturation, as torchvision's ColorJitter makes them with Pillow. */
import { type Key, below, foldIn, uniformAt } from "../../base/random.js";
import type { Picture } from "./image.js";

type Change = (pixels: Uint8Array, factor: number) => Uint8Array;

const changes: readonly Change[] = [brighten, stretchContrast, saturate];

/**
 * `picture` with brightness, contrast and saturation multiplied by random factors from 1 - strength (at least 0) to
 * 1 + strength each, in a random order (reference 4.3).
 */
export function jittered(picture: Picture, key: Key, strength: number): Picture {
  let { pixels } = picture;
  const left = changes.map((change, index) => ({ change, index }));
  while (left.length > 0) {
    const [next] = left.splice(below(foldIn(key, left.length), left.length), 1);
    const low = Math.max(1 - strength, 0);
    const factor = low + (1 + strength - low) * uniformAt(key, next!.index);
    pixels = next!.change(pixels, factor);
  }
  return { ...picture, pixels };
}

function brighten(pixels: Uint8Array, factor: number): Uint8Array {
  const levels = blendTable(0, factor);
  return pixels.map((level) => levels[level]!);
}

/** Away from, or towards, the mean of all greys. */
function stretchContrast(pixels: Uint8Array, factor: number): Uint8Array {
  let sum = 0;
  for (let at = 0; at < pixels.length; at += 3) sum += greyAt(pixels, at);
  const levels = blendTable(Math.floor(sum / (pixels.length / 3) + 0.5), factor);
  return pixels.map((level) => levels[level]!);
}

/** Away from, or towards, the grey of each pixel. */
function saturate(pixels: Uint8Array, factor: number): Uint8Array {
  const result = new Uint8Array(pixels.length);
  for (let at = 0; at < pixels.length; at += 3) {
    const grey = greyAt(pixels, at);
    for (let colour = at; colour < at + 3; colour++) {
      result[colour] = blend(grey, pixels[colour]!, factor);
    }
  }
  return result;
}

/** The luma of ITU-R BT.601, in 16-bit fixed point. */
function greyAt(pixels: Uint8Array, at: number): number {
  const [red, green, blue] = [pixels[at]!, pixels[at + 1]!, pixels[at + 2]!];
  return (red * 19_595 + green * 38_470 + blue * 7_471 + 0x8000) >> 16;
}

function blendTable(from: number, factor: number): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, level) => blend(from, level, factor));
}

/** On the line from `from` (factor 0) to `to` (factor 1) and beyond, the fraction dropped. */
function blend(from: number, to: number, factor: number): number {
  return Math.trunc(Math.min(Math.max(from + factor * (to - from), 0), 255));
}
