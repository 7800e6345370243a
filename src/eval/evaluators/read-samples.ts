/** Reads the samples of a set of images with texts, or of texts, for evaluators that need them in any order. */
import { decodeImage } from "../../data/image/decode.js";
import type { Image } from "../../data/image/image.js";
import { ImageError } from "../../data/image/image-error.js";
import { SkippedSamples } from "../../data/batch/skipped.js";
import type { SampleSource } from "../../data/formats/source.js";
import type { Sample } from "../../data/sample.js";
import { dealt, requireSame } from "../../parallel/agreement.js";
import { digestOf } from "../embedding-store.js";
import type { EvaluatorContext } from "./embed-images.js";

/** Samples with their images still encoded, which take little memory. */
export interface ReadSamples {
  readonly samples: readonly Sample[];
  readonly skipped: SkippedSamples;
}

/**
 * The samples that have a text, and an image that can be decoded.
 *
 * @param images whether samples need an image; "if any": all do if one has
 * @throws NoUsableSampleError if there is none; Error if processes have other samples
 */
export async function readSamples(
  source: SampleSource,
  images: "all" | "if any",
  { backend, decode, signal, advance }: EvaluatorContext,
): Promise<ReadSamples> {
  const skipped = new SkippedSamples();
  const read: Sample[] = [];
  for await (const sample of source.read(skipped)) {
    signal?.throwIfAborted();
    if (sample.texts.length > 0) read.push(sample);
    else skipped.add(sample, "unwanted", "It has no text.");
  }
  const needImage = images === "all" || read.some(({ image }) => image !== undefined);
  const samples: Sample[] = [];
  for (const sample of read) {
    signal?.throwIfAborted();
    if (needImage && !sample.image) skipped.add(sample, "missing", "It has no image.");
    else if (!sample.image || (await isDecodable(sample, skipped, decode))) samples.push(sample);
  }
  advance(skipped.total);
  skipped.requireUsed(source.name, samples.length);
  const { communicator: processes } = backend;
  if (processes) await requireSame(processes, { data: samples.map(contentOf) });
  return { samples, skipped };
}

/** What is evaluated of a sample. */
const contentOf = ({
  key,
  texts,
  fields,
  image = new Uint8Array(0),
}: Sample): readonly unknown[] => [...[key, texts, fields], digestOf(image)];

async function isDecodable(
  sample: Sample,
  skipped: SkippedSamples,
  options: EvaluatorContext["decode"],
): Promise<boolean> {
  try {
    await decodeImage(sample.image!, options);
    return true;
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    skipped.add(sample, error.reason, error.message);
    return false;
  }
}

/** The decoded images of samples that `readSamples` returned. */
export function imagesOf(
  samples: readonly Sample[],
  { decode }: EvaluatorContext,
): Promise<Image[]> {
  return Promise.all(samples.map(({ image }) => decodeImage(image!, decode)));
}

/**
 * Does `work` for each chunk of `count` samples, given the number of its first one. The processes of a run take chunks in turn,
 * and all get all results, in order.
 *
 * @param work gives plain JSON
 */
export function inChunks<Result>(
  count: number,
  size: number,
  { backend, signal, advance }: EvaluatorContext,
  work: (first: number) => Promise<Result>,
): Promise<Result[]> {
  const firsts = Array.from({ length: Math.ceil(count / size) }, (_, index) => index * size);
  return dealt(backend.communicator, firsts, async (first) => {
    signal?.throwIfAborted();
    const result = await work(first);
    advance(Math.min(size, count - first));
    return result;
  });
}
