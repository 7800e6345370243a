/**
 * `resample` on the vector units of the processor where the native kernels were built, else in JavaScript: the same
 * result, bit for bit. This file also loads in a browser.
 */
import { packageRequire } from "../../base/package-root.js";
import type { Taps } from "./filter.js";
import { type Passes, type Resample, resample, resampleBy } from "./resample.js";

/** What the compiled addon has for this; `native/resample.cpp` documents it. */
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

/** The passes of the compiled kernels at a processor level, by default the best; undefined where there are none. */
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

/** As `resample`. */
export const fastResample: Resample = passes
  ? (image, options) => resampleBy(passes, image, options)
  : resample;

function loadAddon(): Addon | undefined {
  try {
    return packageRequire()("#native") as Addon;
  } catch {
    return undefined; // not built, or in a browser
  }
}
