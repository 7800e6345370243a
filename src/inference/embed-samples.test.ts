import sharp from "sharp";
import { expect, it, vi } from "vitest";
import { config, smallState } from "../../test/small-model.js";
import { referenceBackend } from "../backend/reference.js";
import { decodeImage } from "../data/image/decode.js";
import { defaultProcessor } from "../data/image/processor.js";
import type { Sample } from "../data/sample.js";
import { SkippedSamples } from "../data/batch/skipped.js";
import { openTokenizer } from "../data/text/tokenizer.js";
import { Embedder } from "./embedder.js";
import { type Embedded, embedSamples } from "./embed-samples.js";

const pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "c"];
const embedder = new Embedder({
  config,
  state: smallState(referenceBackend()),
  tokenizer: await openTokenizer({ vocabulary: `${pieces.join("\n")}\n` }),
  processor: defaultProcessor(32, 16),
});

const images = await Promise.all(
  ["red", "lime", "navy"].map((background) =>
    sharp({ create: { width: 9, height: 8, channels: 3, background } })
      .png()
      .toBuffer(),
  ),
);

/** Seven samples: one with a damaged image, one without an image; every second one has a text. */
function sampleOf(index: number): Sample {
  const whole = images[index % 3]!;
  const image = index % 7 === 3 ? whole.subarray(0, 50) : whole;
  return {
    key: String(index),
    ...(index % 7 !== 5 && { image }),
    texts: index % 2 === 0 ? [["a", "b", "c"][index % 3]!, "b a"] : [],
    fields: {},
  };
}

type Item = Sample & { index: number };

async function* samples(count: number): AsyncGenerator<Item> {
  for (let index = 0; index < count; index++) {
    yield { ...sampleOf(index), index };
    await Promise.resolve();
  }
}

it("embeds images and texts in order, skipping images that cannot be decoded", async () => {
  const skipped = new SkippedSamples();
  const chunks: Embedded<Item>[][] = [];
  for await (const chunk of embedSamples(embedder, samples(300), { texts: true, skipped })) {
    chunks.push(chunk);
  }
  expect(chunks).toHaveLength(5);
  const all = chunks.flat();
  const expected = Array.from({ length: 300 }, (_, i) => i).filter((i) => i % 7 !== 3);
  expect(all.map(({ sample }) => Number(sample.key))).toEqual(expected);
  expect(all.map(({ sample }) => sample.index)).toEqual(expected);
  expect(skipped.counts.get("damaged")).toBe(300 - expected.length);

  const decoded = await Promise.all(images.map((file) => decodeImage(file)));
  const vectors = await embedder.images(decoded);
  const texts = await embedder.texts(["a", "b", "c"]);
  const row = (vectors: Float32Array, index: number): Float32Array =>
    vectors.slice(index * embedder.width, (index + 1) * embedder.width);
  for (const { sample, image, text } of all) {
    const { index } = sample;
    expect(image).toEqual(index % 7 === 5 ? undefined : row(vectors, index % 3));
    expect(text).toEqual(index % 2 === 1 ? undefined : row(texts, index % 3));
  }
});

it("embeds texts only on request, and yields nothing for an empty source", async () => {
  for await (const chunk of embedSamples(embedder, samples(2))) {
    expect(chunk.map(({ text }) => text)).toEqual([undefined, undefined]);
  }
  for await (const chunk of embedSamples(embedder, samples(0))) {
    throw new Error(`a chunk of ${chunk.length} samples out of none`);
  }
});

it("propagates errors of the source, and stops when aborted", async () => {
  async function* broken(): AsyncGenerator<Item> {
    yield* samples(2);
    throw new Error("the disk is gone");
  }
  const drain = async (chunks: AsyncIterable<Embedded<Item>[]>): Promise<number> => {
    let count = 0;
    for await (const chunk of chunks) count += chunk.length;
    return count;
  };
  await expect(drain(embedSamples(embedder, broken()))).rejects.toThrow("the disk is gone");
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(drain(embedSamples(embedder, samples(2), { signal }))).rejects.toThrow("enough");
});

it("embeds an image once that samples after one another share, and skips each of them if it is damaged", async () => {
  const skipped = new SkippedSamples();
  const damaged = images[0]!.subarray(0, 50);
  const shared = [images[0]!, images[0]!, images[1]!, damaged, damaged].map((image, index) => ({
    ...sampleOf(index),
    image: Uint8Array.from(image),
  }));
  const embeds = vi.spyOn(embedder, "images");
  async function* given(): AsyncGenerator<Sample> {
    yield* shared;
    await Promise.resolve();
  }
  const all: Embedded<Sample>[] = [];
  for await (const chunk of embedSamples(embedder, given(), { skipped })) all.push(...chunk);
  expect(embeds.mock.calls[0]![0]).toHaveLength(2);
  embeds.mockRestore();
  const [first, second, third] = all.map(({ image }) => image!);
  expect(second).toEqual(first);
  expect(third).not.toEqual(first);
  expect(skipped.counts.get("damaged")).toBe(2);
});
