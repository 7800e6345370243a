/** Our decoding, resampling and views against those of Pillow and transformers (see README.md). */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { decodeImage } from "../../../src/data/image/decode.js";
import { fastResample } from "../../../src/data/image/fast-resample.js";
import type { Filter } from "../../../src/data/image/filter.js";
import type { Image } from "../../../src/data/image/image.js";
import { processorFromConfig } from "../../../src/data/image/processor-config.js";
import { viewOf, viewShape } from "../../../src/data/image/processor.js";
import { resample } from "../../../src/data/image/resample.js";

interface Stored {
  readonly start: number;
  readonly bytes: number;
}

interface Decoded {
  readonly file: string;
  readonly width: number;
  readonly height: number;
  readonly levels: number;
}

interface Resampled {
  readonly file: string;
  readonly width: number;
  readonly height: number;
  readonly filter: Filter;
  readonly box: readonly [number, number, number, number] | null;
}

interface Processed {
  readonly name: string;
  readonly file: string;
  readonly config: object;
  readonly shapes: readonly [number[], number[]];
}

/** The cases of a golden file, each with its numbers. */
function cases<Case>(name: string): [Case, Uint8Array<ArrayBuffer>][] {
  const text = readFileSync(join(import.meta.dirname, `${name}.json`), "utf8");
  const numbers = gunzipSync(readFileSync(join(import.meta.dirname, `${name}.bin.gz`)));
  return (JSON.parse(text) as { cases: (Case & Stored)[] }).cases.map((found) => [
    found,
    Uint8Array.from(numbers.subarray(found.start, found.start + found.bytes)),
  ]);
}

function open(file: string): Promise<Image> {
  return decodeImage(new Uint8Array(readFileSync(join(import.meta.dirname, file))));
}

/** How many numbers differ, and the largest difference. */
function difference(a: ArrayLike<number>, b: ArrayLike<number>): { count: number; most: number } {
  expect(a.length).toBe(b.length);
  let [count, most] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    if (a[i] === b[i]) continue;
    count++;
    most = Math.max(most, Math.abs(a[i]! - b[i]!));
  }
  return { count, most };
}

describe("decoding, against Pillow", () => {
  it.each(cases<Decoded>("decoded"))("$file", async ({ file, width, height, levels }, expected) => {
    const image = await open(file);
    expect([image.width, image.height]).toEqual([width, height]);
    expect(difference(image.pixels, expected).most).toBeLessThanOrEqual(levels);
  });
});

describe("resampling, against Pillow", () => {
  it.each(cases<Resampled>("resampled"))(
    "$file to $width x $height, $filter, box $box",
    async ({ file, box, ...target }, expected) => {
      const image = await open(file);
      const [left, top, right, bottom] = box ?? [0, 0, image.width, image.height];
      const options = { ...target, box: { left, top, right, bottom } };
      expect(difference(resample(image, options).pixels, expected).count).toBe(0);
      expect(difference(fastResample(image, options).pixels, expected).count).toBe(0);
    },
  );
});

describe("the processor, against transformers", () => {
  it.each(cases<Processed>("processed"))(
    "$name: $file",
    async ({ file, config, shapes }, expected) => {
      const image = await open(file);
      const { encoder, codebook } = processorFromConfig(config);
      let start = 0;
      for (const [index, view] of [encoder, codebook].entries()) {
        expect(viewShape(image, view)).toEqual(shapes[index]);
        const found = viewOf(image, view);
        const wanted = new Float32Array(expected.buffer, start, found.length);
        expect(difference(found, wanted)).toEqual({ count: 0, most: 0 });
        start += found.byteLength;
      }
      expect(start).toBe(expected.byteLength);
    },
  );
});
