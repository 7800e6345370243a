/** Turns plans into batches of records in files. */
import type { BatchOptions, CollatedBatch } from "./collate.js";
import { mapLimited } from "../../base/map-limited.js";
import { type BatchKind, type BatchPlan, type RecordReference, perKindInOrder } from "./mixture.js";
import { decodeImage } from "../image/decode.js";
import { ImageError } from "../image/image-error.js";
import type { Image } from "../image/image.js";
import type { Sample } from "../sample.js";
import { SampleIndex } from "../index/index-file.js";
import { SampleError } from "../formats/source-error.js";
import { readBatch } from "./read-batch.js";
import { SkippedSamples } from "./skipped.js";
import { Tokenizer } from "../text/tokenizer.js";
import type { Vocabulary } from "../text/vocabulary.js";

export interface BatchReaderOptions {
  /** Directories of the sets' indexes by kind, in the order of the mixture's sets. */
  readonly indexes: Readonly<Record<BatchKind, readonly string[]>>;
  /** Of all texts. */
  readonly vocabulary: Vocabulary;
  readonly batch: BatchOptions;
}

export interface LoadedBatch {
  readonly batch: CollatedBatch;
  readonly skipped: SkippedSamples;
}

/** Images of a later batch that are fetched at a time. */
const concurrentFetches = 8;
/** Number of consecutive damaged records after which reading fails. */
const mostDamaged = 20;

/** Reads batches; the same plan gives the same batch in every process. */
export class BatchReader {
  private constructor(
    private readonly sets: Readonly<Record<BatchKind, readonly SampleIndex[]>>,
    private readonly tokenizer: Tokenizer,
    private readonly options: BatchOptions,
  ) {}

  static async open({ indexes, vocabulary, batch }: BatchReaderOptions): Promise<BatchReader> {
    const sets = await perKindInOrder((kind) =>
      Promise.all(indexes[kind].map((directory) => SampleIndex.open(directory))),
    );
    return new BatchReader(sets, new Tokenizer(vocabulary), batch);
  }

  async read(plan: BatchPlan): Promise<LoadedBatch> {
    const skipped = new SkippedSamples();
    const record = async (kind: BatchKind, reference: RecordReference, decodes: boolean) => {
      const { sample, image } = await this.#whole(kind, reference, skipped, decodes);
      return { texts: sample.texts, image };
    };
    return { batch: await readBatch(plan, record, this.tokenizer, this.options), skipped };
  }

  /** Fetches the images of a later batch that are at URLs. */
  async prefetch({ kind, samples }: BatchPlan): Promise<void> {
    if (kind === "text") return;
    await mapLimited(samples, concurrentFetches, ({ set, record }) =>
      this.sets[kind][set]!.prefetch(kind, record),
    );
  }

  async close(): Promise<void> {
    await Promise.all(Object.values(this.sets).flatMap((sets) => sets.map((set) => set.close())));
  }

  /** The record, or the next usable one after it. Its image is decoded, unless only its texts are needed. */
  async #whole(
    kind: BatchKind,
    { set, record }: RecordReference,
    skipped: SkippedSamples,
    decodes: boolean,
  ): Promise<WholeRecord> {
    const index = this.sets[kind][set]!;
    const { source, samples } = index.description;
    for (let attempt = 0; attempt < mostDamaged; attempt++) {
      const number = (record + attempt) % samples[kind];
      try {
        const sample = await index.read(kind, number);
        return decodes ? await withImage(sample) : { sample };
      } catch (error) {
        if (!(error instanceof SampleError)) throw error;
        skipped.add(error.key, error.reason, error.message);
      }
    }
    throw new Error(`${source}, from ${kind} ${record} on: ${skipped.summary(0)}.`);
  }
}

interface WholeRecord {
  readonly sample: Sample;
  readonly image?: Image;
}

/** @throws SampleError if the image cannot be decoded */
async function withImage(sample: Sample): Promise<WholeRecord> {
  const { key, image } = sample;
  if (!image) return { sample };
  try {
    return { sample, image: await decodeImage(image) };
  } catch (error) {
    if (error instanceof ImageError) throw new SampleError(key, error.reason, error.message);
    throw error;
  }
}
