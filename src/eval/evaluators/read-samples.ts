/** Reads the samples of a set of images with texts, or of texts, for evaluators that need them in any order. */
import { decodeImage } from "../../data/image/decode.js";
import type { Image } from "../../data/image/image.js";
import { ImageError } from "../../data/image/image-error.js";
import { type SkipReason, SkippedSamples } from "../../data/batch/skipped.js";
import type { SampleSource } from "../../data/formats/source.js";
import type { Sample } from "../../data/sample.js";
import { dealt, requireSame } from "../../parallel/agreement.js";
import { digestOf } from "../embedding-store.js";
import type { EvaluatorContext } from "./embed-images.js";

/** Samples with their images still encoded, which take little memory. */
export interface ReadSamples {
  /** Each image once. */
  readonly samples: readonly Sample[];
  /** Samples that these were made of. */
  readonly used: number;
  readonly skipped: SkippedSamples;
}

/**
 * The samples that have a text, and an image that can be decoded. Each image comes once, under the key and with the fields of its
 * first sample, and with the texts of all that have it: a table may name an image in a row for each caption.
 *
 * @param images whether samples need an image; "if any": all do if one has
 * @throws NoUsableSampleError if there is none; Error if processes have other samples
 */
export async function readSamples(
  source: SampleSource,
  images: "all" | "if any",
  context: EvaluatorContext,
): Promise<ReadSamples> {
  const skipped = new SkippedSamples();
  const groups = await readByImage(source, skipped, context.signal);
  const needImage = images === "all" || groups.some(([{ image }]) => image !== undefined);
  const samples: Sample[] = [];
  let used = 0;
  for (const group of groups) {
    context.signal?.throwIfAborted();
    const [first] = group;
    const fault = needImage ? await imageFault(first, context.decode) : undefined;
    if (fault) {
      for (const sample of group) skipped.add(sample, ...fault);
    } else {
      samples.push({ ...first, texts: [...new Set(group.flatMap(({ texts }) => texts))] });
      used += group.length;
    }
  }
  context.advance(skipped.total + used - samples.length);
  skipped.requireUsed(source.name, samples.length);
  const { communicator: processes } = context.backend;
  if (processes) await requireSame(processes, { data: samples.map(contentOf) });
  return { samples, used, skipped };
}

/** The samples with texts, those of one image together, in the order of the first ones. */
async function readByImage(
  source: SampleSource,
  skipped: SkippedSamples,
  signal: AbortSignal | undefined,
): Promise<[Sample, ...Sample[]][]> {
  const groups: [Sample, ...Sample[]][] = [];
  const byImage = new Map<string, Sample[]>();
  for await (const sample of source.read(skipped)) {
    signal?.throwIfAborted();
    if (sample.texts.length === 0) {
      skipped.add(sample, "unwanted", "It has no text.");
      continue;
    }
    const { image, ...others } = sample;
    const digest = image && digestOf(image);
    const known = digest && byImage.get(digest);
    if (known) {
      known.push(others); // its image is that of the first
    } else {
      const group: [Sample] = [sample];
      groups.push(group);
      if (digest) byImage.set(digest, group);
    }
  }
  return groups;
}

/** What is evaluated of a sample. */
const contentOf = ({
  key,
  texts,
  fields,
  image = new Uint8Array(0),
}: Sample): readonly unknown[] => [...[key, texts, fields], digestOf(image)];

/** Why a sample has no usable image; undefined if it has one. */
async function imageFault(
  { image }: Sample,
  options: EvaluatorContext["decode"],
): Promise<[SkipReason, string] | undefined> {
  if (!image) return ["missing", "It has no image."];
  try {
    await decodeImage(image, options);
    return undefined;
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    return [error.reason, error.message];
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
