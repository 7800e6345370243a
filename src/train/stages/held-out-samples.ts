/** Single pairs of validation data, for what is measured on them one by one. */
import { foldIn, keyOf } from "../../base/random.js";
import type { SampleSet } from "../../data/batch/sample-set.js";
import { shuffled } from "../../data/batch/shuffle.js";
import { imageOfSample } from "../../data/batch/image-of-sample.js";
import type { SkippedSamples } from "../../data/batch/skipped.js";
import { SampleError } from "../../data/formats/source-error.js";
import { SampleIndex } from "../../data/index/index-file.js";
import type { Sample } from "../../data/sample.js";
import { validationSeed } from "./held-out-losses.js";

export interface HeldOutSample extends Sample {
  /** A file that can be decoded; kept as it is, since many decoded images would take much memory. */
  readonly image: Uint8Array;
}

export interface HeldOutOptions {
  /** Most samples of each set that are read. */
  readonly most: number;
  /** Whether a sample is used; only the images of such samples are decoded. Default: all are used. */
  readonly uses?: (sample: Sample) => boolean;
  /** Counts the samples whose images cannot be used. */
  readonly skipped: SkippedSamples;
  readonly signal?: AbortSignal | undefined;
}

/** Reads the pairs of sets in random order, the same in every run; those with damaged images are left out. */
export async function* heldOutSamples(
  sets: readonly SampleSet[],
  options: HeldOutOptions,
): AsyncGenerator<HeldOutSample> {
  for (const set of sets) yield* samplesOf(set, options);
}

async function* samplesOf(
  { name, directory, samples }: SampleSet,
  { most, uses = () => true, skipped, signal }: HeldOutOptions,
): AsyncGenerator<HeldOutSample> {
  const order = foldIn(keyOf(validationSeed), name);
  const index = await SampleIndex.open(directory);
  const read = async (number: number): Promise<HeldOutSample | undefined> => {
    try {
      const sample = await index.read("pair", number);
      const { image } = sample;
      if (!image || !uses(sample)) return undefined;
      await imageOfSample(sample, image);
      return { ...sample, image };
    } catch (error) {
      if (!(error instanceof SampleError)) throw error;
      const { key, where, reason, fault } = error;
      skipped.add({ key: `${key} of ${name}`, where }, reason, fault);
      return undefined;
    }
  };
  try {
    for (let place = 0; place < Math.min(samples.pair, most); place++) {
      signal?.throwIfAborted();
      const sample = await read(shuffled(place, samples.pair, order));
      if (sample) yield sample;
    }
  } finally {
    await index.close();
  }
}
