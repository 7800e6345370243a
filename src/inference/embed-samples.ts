/** Embeds a whole data set: images are decoded while earlier ones are embedded. */
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { type DecodeOptions, decodeImage } from "../data/image/decode.js";
import { ImageError } from "../data/image/image-error.js";
import type { Image } from "../data/image/image.js";
import type { Sample } from "../data/sample.js";
import type { PooledFeatures } from "../model/features.js";
import { SkippedSamples } from "../data/batch/skipped.js";
import { requireSame } from "../parallel/agreement.js";
import { dealtVectors } from "./dealt-vectors.js";
import type { Embedder } from "./embedder.js";

interface EmbedSamplesOptions {
  /** Whether to embed the first text of each sample as well; default: false. */
  readonly texts?: boolean;
  /** Features of the encoders instead of embeddings in the contrastive space. */
  readonly features?: PooledFeatures;
  readonly decode?: DecodeOptions;
  /** Computes features that are not the model's, while the decoded image is at hand. */
  readonly pixelFeatures?: (image: Image) => Float32Array;
  /** Collects the samples that are skipped because their image cannot be used. */
  readonly skipped?: SkippedSamples;
  readonly signal?: AbortSignal;
}

/** A sample with its embeddings. */
export interface Embedded<S extends Sample> {
  readonly sample: S;
  /** The image's embedding, float32 [D] of length 1, or its features [W]; undefined without an image. */
  readonly image?: Float32Array;
  /** The same of the first text; undefined without a text, or if texts are not embedded. */
  readonly text?: Float32Array;
  /** What the option of this name gives for the image. */
  readonly pixelFeatures?: Float32Array;
}

interface Decoded<S> {
  readonly sample: S;
  readonly image?: Image;
  readonly pixelFeatures?: Float32Array;
}

/** A chunk ends at either limit: large enough for full batches, small enough that two chunks fit into memory. */
const chunkSamples = 64;
const chunkPixels = 50e6;
/** Images decoded at a time, each in its own thread. */
const concurrentDecodes = 4;

/**
 * Embeds samples in order, chunk by chunk. The processes of a run deal them among themselves, and all get all embeddings.
 * @throws Error if processes have other samples
 */
export async function* embedSamples<S extends Sample>(
  embedder: Embedder,
  samples: AsyncIterable<S>,
  options: EmbedSamplesOptions = {},
): AsyncGenerator<Embedded<S>[]> {
  const { communicator: processes } = embedder.backend;
  if (!processes) {
    yield* embedOwn(embedder, samples, options);
    return;
  }
  const { skipped: leftOut = new SkippedSamples() } = options;
  for await (const some of groupsOf(samples, chunkSamples * processes.size)) {
    await requireSame(processes, { data: some.map(contentOf) });
    const all = await dealtVectors(processes, some, leftOut, async (own, skipped) => {
      const embedded: Embedded<S>[] = [];
      const chunks = embedOwn(embedder, Readable.from(own), { ...options, skipped });
      for await (const chunk of chunks) embedded.push(...chunk);
      return embedded.map(({ sample, ...vectors }) => ({ sample, vectors: { ...vectors } }));
    });
    yield all.map(({ sample, vectors }) => ({ sample, ...vectors }));
  }
  await requireSame(processes, { data: [] }); // none has more of them
}

/** What the embeddings of a sample depend on. */
function contentOf({ key, texts, image = new Uint8Array(0) }: Sample): readonly unknown[] {
  return [key, texts, createHash("sha256").update(image).digest("hex")];
}

async function* groupsOf<S>(samples: AsyncIterable<S>, size: number): AsyncGenerator<S[]> {
  let group: S[] = [];
  for await (const sample of samples) {
    group.push(sample);
    if (group.length < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

async function* embedOwn<S extends Sample>(
  embedder: Embedder,
  samples: AsyncIterable<S>,
  options: EmbedSamplesOptions,
): AsyncGenerator<Embedded<S>[]> {
  let embedding: Promise<Embedded<S>[]> | undefined;
  for await (const chunk of chunksOf(decodeAhead(samples, options))) {
    const previous = embedding;
    embedding = embedChunk(embedder, chunk, options);
    embedding.catch(() => undefined); // awaited below, unless the previous chunk fails
    if (previous) yield await previous;
  }
  if (embedding) yield await embedding;
}

async function* chunksOf<S>(samples: AsyncIterable<Decoded<S>>): AsyncGenerator<Decoded<S>[]> {
  let [chunk, pixels]: [Decoded<S>[], number] = [[], 0];
  for await (const sample of samples) {
    chunk.push(sample);
    pixels += (sample.image?.pixels.length ?? 0) / 3;
    if (chunk.length < chunkSamples && pixels < chunkPixels) continue;
    yield chunk;
    [chunk, pixels] = [[], 0];
  }
  if (chunk.length > 0) yield chunk;
}

async function embedChunk<S extends Sample>(
  embedder: Embedder,
  chunk: readonly Decoded<S>[],
  { texts, features, signal }: EmbedSamplesOptions,
): Promise<Embedded<S>[]> {
  const images = [...new Set(chunk.flatMap(({ image }) => image ?? []))];
  const firstTexts = texts ? chunk.flatMap(({ sample }) => sample.texts.slice(0, 1)) : [];
  const { width } = embedder;
  const imageVectors = features
    ? (await embedder.imageFeatures(images, { ...features, signal })).values()
    : vectorsOf(await embedder.images(images, { signal }), width);
  const byImage = new Map(images.map((image) => [image, imageVectors.next().value]));
  const textVectors = features
    ? (await embedder.textFeatures(firstTexts, { ...features, signal })).values()
    : vectorsOf(await embedder.texts(firstTexts, { signal }), width);
  return chunk.map(({ sample, image, pixelFeatures }) => {
    const vector = image && byImage.get(image);
    const text = texts && sample.texts.length > 0 ? textVectors.next().value : undefined;
    return {
      sample,
      ...(vector && { image: vector }),
      ...(pixelFeatures && { pixelFeatures }),
      ...(text && { text }),
    };
  });
}

/** Vectors [N, width], one by one. */
function* vectorsOf(vectors: Float32Array, width: number): Generator<Float32Array, undefined> {
  for (let from = 0; from < vectors.length; from += width) {
    yield vectors.subarray(from, from + width);
  }
}

/**
 * Samples in order with their decoded images; the next few are decoded ahead. Unusable images are skipped. Samples after one
 * another with the same image, as rows of a table may be, share the decoded one.
 */
async function* decodeAhead<S extends Sample>(
  samples: AsyncIterable<S>,
  options: EmbedSamplesOptions,
): AsyncGenerator<Decoded<S>> {
  const pending: Promise<Decoded<S> | undefined>[] = [];
  const decode = rememberingTheLast((image) => decodeImage(image, options.decode));
  for await (const sample of samples) {
    options.signal?.throwIfAborted();
    const decoding = usable(sample, decode, options);
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

type Decode = (image: Uint8Array) => Promise<Image>;

/** Gives the same image again for the same bytes as the last time. */
function rememberingTheLast(decode: Decode): Decode {
  let last: { readonly bytes: Uint8Array; readonly decoded: Promise<Image> } | undefined;
  return (bytes) => {
    if (!last || Buffer.compare(last.bytes, bytes) !== 0) last = { bytes, decoded: decode(bytes) };
    return last.decoded;
  };
}

/** A sample with its decoded image; undefined if that cannot be used, for the reason that `skipped` records. */
export const decodeUsable = <S extends Sample>(
  sample: S,
  { decode, ...options }: Pick<EmbedSamplesOptions, "decode" | "skipped" | "pixelFeatures">,
): Promise<Decoded<S> | undefined> =>
  usable(sample, (image) => decodeImage(image, decode), options);

async function usable<S extends Sample>(
  sample: S,
  decode: Decode,
  { skipped, pixelFeatures }: Pick<EmbedSamplesOptions, "skipped" | "pixelFeatures">,
): Promise<Decoded<S> | undefined> {
  const { image } = sample;
  if (!image) return { sample };
  try {
    const decoded = await decode(image);
    const features = pixelFeatures?.(decoded);
    return { sample, image: decoded, ...(features && { pixelFeatures: features }) };
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    skipped?.add(sample, error.reason, error.message);
    return undefined;
  }
}
