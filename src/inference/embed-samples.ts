/** A whole data set to vectors: images are decoded while those before them are embedded. */
import { type DecodeOptions, ImageError, decodeImage } from "../data/image/decode.js";
import type { Image } from "../data/image/image.js";
import type { Sample } from "../data/sample.js";
import type { SkippedSamples } from "../data/batch/skipped.js";
import type { Cursor } from "../data/formats/source.js";
import type { Embedder } from "./embedder.js";

interface EmbedSamplesOptions {
  /** Embed the first text of each sample, too. Default: no. */
  readonly texts?: boolean;
  /** What images become: vectors of the contrastive space (default), or features for probes. */
  readonly images?: "vectors" | "features";
  readonly decode?: DecodeOptions;
  /** Told of images that cannot be used; their samples are left out. */
  readonly skipped?: SkippedSamples;
  readonly signal?: AbortSignal;
}

export interface EmbeddedSample {
  readonly sample: Sample;
  /** Of its image, where it has one: float32 [D] at length 1, or features. */
  readonly image?: Float32Array;
  /** Of its first text, where it has one and texts are wanted: float32 [D] at length 1. */
  readonly text?: Float32Array;
}

export interface EmbeddedChunk {
  /** In the order of the source. */
  readonly samples: readonly EmbeddedSample[];
  /** Goes on after this chunk. */
  readonly cursor: Cursor;
}

interface Decoded {
  readonly sample: Sample;
  readonly cursor: Cursor;
  readonly image?: Image;
  readonly unusable?: true;
}

/** A chunk ends at one of these: enough for full batches, few enough to lie in memory twice. */
const chunkSamples = 256;
const chunkPixels = 50e6;
/** Images that are decoded at a time, each in a thread of its own. */
const atOnce = 4;

/** Embeds samples in their order, chunk by chunk. */
export async function* embedSamples(
  embedder: Embedder,
  samples: AsyncIterable<{ readonly sample: Sample; readonly cursor: Cursor }>,
  options: EmbedSamplesOptions = {},
): AsyncGenerator<EmbeddedChunk> {
  let chunk: Decoded[] = [];
  let pixels = 0;
  let embedding: Promise<EmbeddedChunk> | undefined;
  const begin = (): Promise<EmbeddedChunk> | undefined => {
    const before = embedding;
    embedding = embedChunk(embedder, chunk, options);
    embedding.catch(() => undefined); // It is awaited below, unless the one before it fails.
    [chunk, pixels] = [[], 0];
    return before;
  };
  for await (const decoded of decodeAhead(samples, options)) {
    chunk.push(decoded);
    pixels += (decoded.image?.pixels.length ?? 0) / 3;
    if (chunk.length < chunkSamples && pixels < chunkPixels) continue;
    const before = begin();
    if (before) yield await before;
  }
  if (chunk.length > 0) {
    const before = begin();
    if (before) yield await before;
  }
  if (embedding) yield await embedding;
}

async function embedChunk(
  embedder: Embedder,
  chunk: readonly Decoded[],
  { texts, images: kind, signal }: EmbedSamplesOptions,
): Promise<EmbeddedChunk> {
  const usable = chunk.filter(({ unusable }) => !unusable);
  const images = usable.flatMap(({ image }) => image ?? []);
  const firstTexts = texts ? usable.flatMap(({ sample }) => sample.texts.slice(0, 1)) : [];
  const imageVectors =
    kind === "features"
      ? vectorsOf(await embedder.features(images, signal), embedder.featureWidth)
      : vectorsOf(await embedder.images(images, signal), embedder.width);
  const textVectors = vectorsOf(await embedder.texts(firstTexts, signal), embedder.width);
  const embedded = usable.map(({ sample, image }) => {
    const vector = image && imageVectors.next().value;
    const text = texts && sample.texts.length > 0 ? textVectors.next().value : undefined;
    return { sample, ...(vector && { image: vector }), ...(text && { text }) };
  });
  return { samples: embedded, cursor: chunk.at(-1)!.cursor };
}

/** Vectors [N, width], one by one. */
function* vectorsOf(vectors: Float32Array, width: number): Generator<Float32Array, undefined> {
  for (let from = 0; from < vectors.length; from += width) {
    yield vectors.subarray(from, from + width);
  }
}

/** Samples in their order with their images, the next few of which are being decoded. */
async function* decodeAhead(
  samples: AsyncIterable<{ readonly sample: Sample; readonly cursor: Cursor }>,
  options: EmbedSamplesOptions,
): AsyncGenerator<Decoded> {
  const pending: Promise<Decoded>[] = [];
  for await (const { sample, cursor } of samples) {
    options.signal?.throwIfAborted();
    const decoding = decode(sample, cursor, options);
    decoding.catch(() => undefined); // It is awaited below, unless one before it fails.
    pending.push(decoding);
    if (pending.length === atOnce) yield await pending.shift()!;
  }
  for (const decoding of pending) yield await decoding;
}

async function decode(
  sample: Sample,
  cursor: Cursor,
  { decode: decodeOptions, skipped }: EmbedSamplesOptions,
): Promise<Decoded> {
  if (!sample.image) return { sample, cursor };
  try {
    return { sample, cursor, image: await decodeImage(sample.image, decodeOptions) };
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    skipped?.add(sample.key, error.reason, error.message);
    return { sample, cursor, unusable: true };
  }
}
