/** Readers of batches by name, so that a worker thread can open the one that it is asked for. */
import { BatchReader, type BatchReaderOptions } from "./batch-reader.js";
import type { CollatedBatch } from "./collate.js";
import type { BatchPlan } from "./mixture.js";
import type { LabeledBatch } from "../labeled/labeled-batch.js";
import type { LabeledPlan } from "../labeled/shuffled-samples.js";
import { LabeledReader, type LabeledReaderOptions } from "../labeled/labeled-reader.js";
import type { SkippedSamples } from "./skipped.js";

/** A batch before it is read. */
export interface Plan {
  /** Number of the batch, counted from 0. */
  readonly step: number;
  /** What to read, in the order of the batch's rows. */
  readonly samples: readonly unknown[];
  /** Number of the first sample in the batch that this is a part of; default 0. */
  readonly first?: number;
}

/** Reads batches; the same plan gives the same batch in every process. */
export interface Reader<P extends Plan, B> {
  read(plan: P): Promise<{ readonly batch: B; readonly skipped: SkippedSamples }>;
  /** Fetches what `read` will need from other machines; that reports what is wrong. */
  prefetch?(plan: P): Promise<void>;
  close(): Promise<void>;
}

/** What a reader is opened with, the plans that it reads and the batches that it gives. */
export interface ReaderTypes<O, P extends Plan, B> {
  /** What it is opened with. */
  readonly options: O;
  /** What it reads. */
  readonly plan: P;
  /** What it gives. */
  readonly batch: B;
}

/** The readers by name: of masked batches for pre-training, and of labeled batches for fine-tuning. */
export interface Readers {
  /** Masked images, texts and pairs, planned by a `Mixture`. */
  readonly pretraining: ReaderTypes<BatchReaderOptions, BatchPlan, CollatedBatch>;
  /** Labeled samples, each with its target. */
  readonly labeled: ReaderTypes<LabeledReaderOptions, LabeledPlan, LabeledBatch>;
}

/** The name of a reader. */
export type ReaderName = keyof Readers;
/** What a reader is opened with. */
export type ReaderOptions<N extends ReaderName> = Readers[N]["options"];
/** The plans that a reader reads. */
export type PlanFor<N extends ReaderName> = Readers[N]["plan"];
/** The batches that a reader gives. */
export type BatchFrom<N extends ReaderName> = Readers[N]["batch"];

/** A reader by name, with its options. */
export interface ReaderRequest<N extends ReaderName> {
  /** Its name. */
  readonly reader: N;
  /** Plain data, since it goes to other threads. */
  readonly options: ReaderOptions<N>;
}

const openers = {
  pretraining: (options: BatchReaderOptions) => BatchReader.open(options),
  labeled: (options: LabeledReaderOptions) => LabeledReader.open(options),
} satisfies {
  readonly [N in ReaderName]: (
    options: ReaderOptions<N>,
  ) => Promise<Reader<PlanFor<N>, BatchFrom<N>>>;
};

export function openReader<N extends ReaderName>({
  reader,
  options,
}: ReaderRequest<N>): Promise<Reader<PlanFor<N>, BatchFrom<N>>> {
  const open = openers[reader] as unknown as (
    options: ReaderOptions<N>,
  ) => Promise<Reader<PlanFor<N>, BatchFrom<N>>>;
  return open(options);
}
