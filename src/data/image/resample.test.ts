import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nativeLevels } from "../../backend/native.js";
import { keyOf, uniform } from "../../base/random.js";
import { nativePasses } from "./fast-resample.js";
import type { Filter } from "./filter.js";
import type { Image } from "./image.js";
import { resample, resampleBy } from "./resample.js";

// The comparison with Pillow is in test/golden/images.

function noise(width: number, height: number, seed = 1): Image {
  const numbers = uniform(keyOf(seed), width * height * 3, 0, 256);
  return { width, height, pixels: Uint8Array.from(numbers) };
}

describe("resample", () => {
  it("averages with the box filter", () => {
    const image = {
      width: 4,
      height: 1,
      pixels: Uint8Array.from({ length: 12 }, (_, i) => i * 10),
    };
    const { pixels } = resample(image, { width: 2, height: 1, filter: "box" });
    expect([...pixels]).toEqual([15, 25, 35, 75, 85, 95]);
  });

  it.each(["box", "bilinear", "bicubic", "lanczos"] as const)("keeps one color: %s", (filter) => {
    const pixels = new Uint8Array(31 * 17 * 3).fill(201);
    const resampled = resample({ width: 31, height: 17, pixels }, { width: 8, height: 50, filter });
    expect(new Set(resampled.pixels)).toEqual(new Set([201]));
  });

  it("copies where there is nothing to do", () => {
    const image = noise(5, 4);
    const same = resample(image, { width: 5, height: 4, filter: "lanczos" });
    expect(same).toEqual(image);
    expect(same.pixels.buffer).not.toBe(image.pixels.buffer);
  });

  it.each([
    [{ width: 0, height: 4 }, "sizes from 1 to 65535, not 0 x 4"],
    [{ width: 2.5, height: 4 }, "sizes from 1 to 65535"],
    [{ width: 4, height: 4, box: { left: -1, top: 0, right: 5, bottom: 4 } }, "left -1"],
    [
      { width: 4, height: 4, box: { left: 0, top: 3, right: 5, bottom: 3 } },
      "from top 3 to bottom 3",
    ],
    [{ width: 4, height: 4, box: { left: 0, top: 0, right: NaN, bottom: 4 } }, "right NaN"],
  ])("refuses %j", (options, message) => {
    expect(() => resample(noise(5, 4), { filter: "box", ...options })).toThrow(message);
  });
});

describe.each(nativeLevels())("the native passes at level %s", (level) => {
  const passes = nativePasses(level)!;

  it("give the same bits", () => {
    const size = fc.integer({ min: 1, max: 90 });
    const side = fc.tuple(
      fc.double({ min: 0, max: 0.8, noNaN: true }),
      fc.double({ min: 0.1, max: 1, noNaN: true }),
    );
    const filter = fc.constantFrom<Filter>("box", "bilinear", "bicubic", "lanczos");
    fc.assert(
      fc.property(
        size,
        size,
        size,
        size,
        side,
        side,
        filter,
        (w, h, width, height, x, y, filter) => {
          const image = noise(w, h);
          const [left, top] = [x[0] * w, y[0] * h];
          const box = {
            left,
            top,
            right: left + x[1] * (w - left),
            bottom: top + y[1] * (h - top),
          };
          const options = { width, height, filter, box };
          expect(resampleBy(passes, image, options)).toEqual(resample(image, options));
        },
      ),
      { numRuns: 60 },
    );
  });

  it("refuse taps outside of the image", () => {
    const pixels = new Uint8Array(2 * 3 * 3);
    const taps = (...rows: number[]) => ({
      outputs: 1,
      stride: rows.length,
      rows: Int32Array.from(rows),
    });
    for (const bad of [taps(-1, 1, 5), taps(2, 2, 5, 5), taps(0, 2, 5), taps(0)]) {
      expect(() => passes.alongRows(pixels, 3, bad)).toThrow("taps");
      expect(() => passes.alongColumns(pixels, 3, bad)).toThrow("taps");
    }
    expect(() => passes.alongRows(pixels, 4, taps(0, 1, 5))).toThrow();
  });
});
