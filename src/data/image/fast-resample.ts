/**
 * `resample` with the native SIMD kernels if they were built, else in JavaScript; results are bit-identical. This file
 * also loads in browsers.
 */
import { loadCompiledKernels } from "../../base/compiled-kernels.js";
import type { Taps } from "./filter.js";
import { type Passes, type Resample, resample, resampleBy } from "./resample.js";

/** The compiled addon's part for resampling, documented in `native/resample.cpp`. */
interface Addon {
  levels(): string[];
  resample(
    axis: "rows" | "columns",
    source: Uint8Array,
    width: number,
    taps: Int32Array,
    target: Uint8Array,
    level: string,
  ): void;
}

/** The compiled kernels' passes at a processor level, by default the best; undefined if unavailable. */
export function nativePasses(level?: string): Passes | undefined {
  const addon = loadAddon();
  if (!addon) return undefined;
  const asked = level ?? process.env.FLAVA_LEVEL ?? "";
  const best = asked === "" ? addon.levels().at(-1) : asked;
  if (best === undefined) return undefined;
  const along =
    (axis: "rows" | "columns") =>
    (pixels: Uint8Array, width: number, { rows, outputs }: Taps): Uint8Array => {
      const height = pixels.length / (3 * width);
      const target = new Uint8Array(3 * outputs * (axis === "rows" ? height : width));
      addon.resample(axis, pixels, width, rows, target, best);
      return target;
    };
  return { alongRows: along("rows"), alongColumns: along("columns") };
}

const passes = nativePasses();

/** Like `resample`, but native where possible. */
export const fastResample: Resample = passes
  ? (image, options) => resampleBy(passes, image, options)
  : resample;

function loadAddon(): Addon | undefined {
  try {
    return loadCompiledKernels().addon as Addon;
  } catch {
    return undefined; // not built, or in a browser
  }
}
