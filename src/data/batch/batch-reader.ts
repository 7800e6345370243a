/** Turns plans into batches of records in files. */
import type { BatchOptions, CollatedBatch } from "./collate.js";
import { mapLimited } from "../../base/map-limited.js";
import { type BatchKind, type BatchPlan, type RecordReference, perKindInOrder } from "./mixture.js";
import type { Sample } from "../sample.js";
import { SampleIndex } from "../index/index-file.js";
import { OpenArchives } from "../formats/open-archives.js";
import { SampleError } from "../formats/source-error.js";
import { imageOfSample } from "./image-of-sample.js";
import { type ReadRecord, readBatch } from "./read-batch.js";
import { SkippedSamples } from "./skipped.js";
import { Tokenizer } from "../text/tokenizer.js";
import type { Vocabulary } from "../text/vocabulary.js";

/** What a reader of batches for pre-training is opened with. */
export interface BatchReaderOptions {
  /** Directories of the sets' indexes by kind, in the order of the mixture's sets. */
  readonly indexes: Readonly<Record<BatchKind, readonly string[]>>;
  /** Of all texts. */
  readonly vocabulary: Vocabulary;
  /** How samples become batches. */
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
    private readonly archives: OpenArchives,
    private readonly tokenizer: Tokenizer,
    private readonly options: BatchOptions,
  ) {}

  static async open({ indexes, vocabulary, batch }: BatchReaderOptions): Promise<BatchReader> {
    const archives = new OpenArchives();
    const sets = await perKindInOrder((kind) =>
      Promise.all(indexes[kind].map((directory) => SampleIndex.open(directory, archives))),
    );
    return new BatchReader(sets, archives, new Tokenizer(vocabulary), batch);
  }

  async read(plan: BatchPlan): Promise<LoadedBatch> {
    const skipped = new SkippedSamples();
    const record = async (kind: BatchKind, reference: RecordReference, decodes: boolean) =>
      decodes ? this.#decoded(kind, reference, skipped) : this.#texts(kind, reference);
    return { batch: await readBatch(plan, record, this.tokenizer, this.options), skipped };
  }

  /** Fetches the images of a later batch that are at URLs. */
  async prefetch({ kind, samples }: BatchPlan): Promise<void> {
    if (kind === "text" || !this.sets[kind].some(({ description }) => description.remote)) return;
    await mapLimited(samples, concurrentFetches, ({ set, record }) =>
      this.sets[kind][set]!.prefetch(kind, record),
    );
  }

  async close(): Promise<void> {
    this.archives.close();
    await Promise.all(Object.values(this.sets).flatMap((sets) => sets.map((set) => set.close())));
  }

  #texts(kind: BatchKind, { set, record }: RecordReference): ReadRecord {
    return { texts: this.sets[kind][set]!.texts(kind, record) };
  }

  /** The record with its image, or the next usable one after it. */
  async #decoded(
    kind: BatchKind,
    { set, record }: RecordReference,
    skipped: SkippedSamples,
  ): Promise<ReadRecord> {
    const index = this.sets[kind][set]!;
    const { source, samples } = index.description;
    for (let attempt = 0; attempt < mostDamaged; attempt++) {
      const number = (record + attempt) % samples[kind];
      try {
        return await withImage(await index.read(kind, number));
      } catch (error) {
        if (!(error instanceof SampleError)) throw error;
        skipped.add(error, error.reason, error.fault);
      }
    }
    throw new Error(`${source}, from ${kind} ${record} on: ${skipped.summary(0)}.`);
  }
}

/** @throws SampleError if the image cannot be decoded */
async function withImage({ image, texts, ...name }: Sample): Promise<ReadRecord> {
  return image ? { texts, image: await imageOfSample(name, image) } : { texts };
}
