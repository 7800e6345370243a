/** Embeds a whole data set: images are decoded while earlier ones are embedded. */
import { type DecodeOptions, decodeImage } from "../data/image/decode.js";
import { ImageError } from "../data/image/image-error.js";
import type { Image } from "../data/image/image.js";
import type { Sample } from "../data/sample.js";
import type { SkippedSamples } from "../data/batch/skipped.js";
import type { Embedder } from "./embedder.js";

interface EmbedSamplesOptions {
  /** Whether to embed the first text of each sample as well; default: false. */
  readonly texts?: boolean;
  /** Output for images: embeddings in the contrastive space (default), or features for probes. */
  readonly images?: "vectors" | "features";
  readonly decode?: DecodeOptions;
  /** Collects the samples that are skipped because their image cannot be used. */
  readonly skipped?: SkippedSamples;
  readonly signal?: AbortSignal;
}

/** A sample with its embeddings. */
interface HasSample {
  readonly sample: Sample;
}

export type Embedded<Item extends HasSample> = Item & {
  /** The image's embedding, float32 [D] of length 1, or its features; undefined without an image. */
  readonly image?: Float32Array;
  /** The first text's embedding, float32 [D] of length 1; undefined without a text, or if texts are not embedded. */
  readonly text?: Float32Array;
};

interface Decoded<Item> {
  readonly item: Item;
  readonly image?: Image;
}

/** A chunk ends at either limit: large enough for full batches, small enough that two chunks fit into memory. */
const chunkSamples = 256;
const chunkPixels = 50e6;
/** Images decoded at a time, each in its own thread. */
const concurrentDecodes = 4;

/** Embeds samples in order, chunk by chunk. */
export async function* embedSamples<Item extends HasSample>(
  embedder: Embedder,
  items: AsyncIterable<Item>,
  options: EmbedSamplesOptions = {},
): AsyncGenerator<Embedded<Item>[]> {
  let embedding: Promise<Embedded<Item>[]> | undefined;
  for await (const chunk of chunksOf(decodeAhead(items, options))) {
    const previous = embedding;
    embedding = embedChunk(embedder, chunk, options);
    embedding.catch(() => undefined); // awaited below, unless the previous chunk fails
    if (previous) yield await previous;
  }
  if (embedding) yield await embedding;
}

async function* chunksOf<Item>(
  samples: AsyncIterable<Decoded<Item>>,
): AsyncGenerator<Decoded<Item>[]> {
  let [chunk, pixels]: [Decoded<Item>[], number] = [[], 0];
  for await (const sample of samples) {
    chunk.push(sample);
    pixels += (sample.image?.pixels.length ?? 0) / 3;
    if (chunk.length < chunkSamples && pixels < chunkPixels) continue;
    yield chunk;
    [chunk, pixels] = [[], 0];
  }
  if (chunk.length > 0) yield chunk;
}

async function embedChunk<Item extends HasSample>(
  embedder: Embedder,
  chunk: readonly Decoded<Item>[],
  { texts, images: kind, signal }: EmbedSamplesOptions,
): Promise<Embedded<Item>[]> {
  const images = chunk.flatMap(({ image }) => image ?? []);
  const firstTexts = texts ? chunk.flatMap(({ item }) => item.sample.texts.slice(0, 1)) : [];
  const imageVectors =
    kind === "features"
      ? (await embedder.imageFeatures(images, {}, signal)).values()
      : vectorsOf(await embedder.images(images, signal), embedder.width);
  const textVectors = vectorsOf(await embedder.texts(firstTexts, signal), embedder.width);
  return chunk.map(({ item, image }) => {
    const vector = image && imageVectors.next().value;
    const text = texts && item.sample.texts.length > 0 ? textVectors.next().value : undefined;
    return { ...item, ...(vector && { image: vector }), ...(text && { text }) };
  });
}

/** Vectors [N, width], one by one. */
function* vectorsOf(vectors: Float32Array, width: number): Generator<Float32Array, undefined> {
  for (let from = 0; from < vectors.length; from += width) {
    yield vectors.subarray(from, from + width);
  }
}

/** Samples in order with their decoded images; the next few are decoded ahead. Unusable images are skipped. */
async function* decodeAhead<Item extends HasSample>(
  items: AsyncIterable<Item>,
  options: EmbedSamplesOptions,
): AsyncGenerator<Decoded<Item>> {
  const pending: Promise<Decoded<Item> | undefined>[] = [];
  for await (const item of items) {
    options.signal?.throwIfAborted();
    const decoding = decode(item, options);
    decoding.catch(() => undefined); // awaited below, unless an earlier one fails
    pending.push(decoding);
    if (pending.length < concurrentDecodes) continue;
    const decoded = await pending.shift();
    if (decoded) yield decoded;
  }
  for (const decoding of pending) {
    const decoded = await decoding;
    if (decoded) yield decoded;
  }
}

async function decode<Item extends HasSample>(
  item: Item,
  { decode: decodeOptions, skipped }: EmbedSamplesOptions,
): Promise<Decoded<Item> | undefined> {
  const { key, image } = item.sample;
  if (!image) return { item };
  try {
    return { item, image: await decodeImage(image, decodeOptions) };
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    skipped?.add(key, error.reason, error.message);
    return undefined;
  }
}
