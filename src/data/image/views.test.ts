import { describe, expect, it } from "vitest";
import { type Key, foldIn, keyOf, uniform } from "../../base/random.js";
import { type Image, crop } from "./image.js";
import { codebookPixelsOf, defaultProcessor, pixelsOf } from "./processor.js";
import { type TrainingViewOptions, randomWindow, writeTrainingViews } from "./views.js";

const key = keyOf(5);
const processor = defaultProcessor(32, 16);

function noise(width: number, height: number): Image {
  return { width, height, pixels: Uint8Array.from(uniform(key, width * height * 3, 0, 256)) };
}

/** Both views of `image`, alone in their batches. */
function trainingViews(image: Image, key: Key, options: TrainingViewOptions) {
  const pixels = new Float32Array(3 * 32 * 32);
  const codebookPixels = new Float32Array(3 * 16 * 16);
  const targets = { pixels, pixelsOffset: 0, codebookPixels, codebookOffset: 0 };
  return { ...writeTrainingViews(image, key, processor, options, targets), pixels, codebookPixels };
}

describe("writeTrainingViews", () => {
  it("shows the same part of the image twice, each in its own filter", () => {
    const image = noise(60, 50);
    for (let seed = 0; seed < 5; seed++) {
      const views = trainingViews(image, keyOf(seed), { scale: [0.2, 0.5] });
      const part = crop(image, views.window);
      expect(views.pixels).toEqual(pixelsOf(part, processor));
      expect(views.codebookPixels).toEqual(codebookPixelsOf(part, processor));
      expect(part.width * part.height).toBeLessThan(60 * 50 * 0.55);
    }
  });

  it("swaps left and right of both or neither", () => {
    const image = noise(40, 40);
    const options = { scale: [1, 1], ratio: [1, 1] } as const;
    const plain = trainingViews(image, key, options);
    const mirrored = trainingViews(image, key, { ...options, flip: 1 });
    expect([plain.mirrored, mirrored.mirrored]).toEqual([false, true]);
    for (const [view, size] of [
      ["pixels", 32],
      ["codebookPixels", 16],
    ] as const) {
      const swapped = mirrored[view].map(
        (_, i) => plain[view][i - (i % size) + size - 1 - (i % size)]!,
      );
      expect(mirrored[view]).toEqual(swapped);
      expect(mirrored[view]).not.toEqual(plain[view]);
    }
    const flips = Array.from({ length: 200 }, (_, i) => {
      const { mirrored } = trainingViews(noise(2, 2), foldIn(key, i), { flip: 0.5 });
      return Number(mirrored);
    });
    expect(flips.reduce((sum, flip) => sum + flip)).toBeGreaterThan(70);
    expect(flips.reduce((sum, flip) => sum + flip)).toBeLessThan(130);
  });

  it("depends on the key alone, and jitters the colors of both views", () => {
    const image = noise(40, 30);
    const options = { scale: [0.08, 1], flip: 0.5, jitter: 0.4 } as const; // BEiT's
    const views = trainingViews(image, key, options);
    expect(trainingViews(image, key, options)).toEqual(views);
    const plain = trainingViews(image, key, { ...options, jitter: 0 });
    expect(plain.window).toEqual(views.window);
    expect(plain.pixels).not.toEqual(views.pixels);
    expect(plain.codebookPixels).not.toEqual(views.codebookPixels);
  });

  it("writes into batches, and nothing beside its place", () => {
    const targets = {
      pixels: new Float32Array(3 * 3072).fill(7),
      pixelsOffset: 3072,
      codebookPixels: new Float32Array(3 * 768).fill(7),
      codebookOffset: 2 * 768,
    };
    const image = noise(40, 30);
    writeTrainingViews(image, key, processor, {}, targets);
    const { pixels, codebookPixels } = trainingViews(image, key, {});
    const sevens = new Float32Array(3072).fill(7);
    expect(targets.pixels).toEqual(Float32Array.from([...sevens, ...pixels, ...sevens]));
    expect(targets.codebookPixels).toEqual(
      Float32Array.from([...sevens.subarray(0, 1536), ...codebookPixels]),
    );
    const late = { ...targets, pixelsOffset: 2 * 3072 + 1 };
    expect(() => writeTrainingViews(image, key, processor, {}, late)).toThrow("does not fit");
  });
});

describe("randomWindow", () => {
  it("has the area and the ratio that are allowed, anywhere in the image", () => {
    const places = new Set<number>();
    for (let i = 0; i < 300; i++) {
      const window = randomWindow({ width: 300, height: 200 }, foldIn(key, i), {
        scale: [0.3, 0.6],
      });
      const { left, top, width, height } = window;
      expect(width * height).toBeGreaterThan(60_000 * 0.29);
      expect(width * height).toBeLessThan(60_000 * 0.61);
      expect(width / height).toBeGreaterThan(0.74);
      expect(width / height).toBeLessThan(1.35);
      expect(Math.min(left, top, 300 - left - width, 200 - top - height)).toBeGreaterThanOrEqual(0);
      places.add(left);
    }
    expect(places.size).toBeGreaterThan(50);
  });

  it.each([
    [1000, 100, { left: 433, top: 0, width: 133, height: 100 }],
    [100, 1000, { left: 0, top: 433, width: 100, height: 133 }],
    [1, 9, { left: 0, top: 4, width: 1, height: 1 }],
  ])("falls back to the middle of an image of %d x %d", (width, height, window) => {
    expect(randomWindow({ width, height }, key)).toEqual(window);
  });

  it("refuses ranges that are none", () => {
    expect(() => randomWindow({ width: 9, height: 9 }, key, { scale: [1, 0.5] })).toThrow(
      "1 to 0.5",
    );
    expect(() => randomWindow({ width: 9, height: 9 }, key, { ratio: [0, 1] })).toThrow("0 to 1");
  });
});
