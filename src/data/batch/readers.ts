/** Readers of batches by name, so that a worker thread can open the one that it is asked for. */
import { BatchReader, type BatchReaderOptions } from "./batch-reader.js";
import { LabeledReader, type LabeledReaderOptions } from "../labeled/labeled-reader.js";
import type { SkippedSamples } from "./skipped.js";

/** A batch before it is read. */
export interface Plan {
  /** Number of the batch, counted from 0. */
  readonly step: number;
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

const readers = {
  pretraining: (options: BatchReaderOptions) => BatchReader.open(options),
  labeled: (options: LabeledReaderOptions) => LabeledReader.open(options),
};

export type ReaderName = keyof typeof readers;
type ReaderNamed<N extends ReaderName> = Awaited<ReturnType<(typeof readers)[N]>>;
/** What a reader is opened with. */
export type ReaderOptions<N extends ReaderName> = Parameters<(typeof readers)[N]>[0];
/** The plans that a reader reads. */
export type PlanFor<N extends ReaderName> = Parameters<ReaderNamed<N>["read"]>[0];
/** The batches that a reader gives. */
export type BatchFrom<N extends ReaderName> = Awaited<ReturnType<ReaderNamed<N>["read"]>>["batch"];

/** A reader by name, with its options. */
export interface ReaderRequest<N extends ReaderName> {
  readonly reader: N;
  readonly options: ReaderOptions<N>;
}

export function openReader<N extends ReaderName>({
  reader,
  options,
}: ReaderRequest<N>): Promise<Reader<PlanFor<N>, BatchFrom<N>>> {
  const open = readers[reader] as unknown as (
    options: ReaderOptions<N>,
  ) => Promise<Reader<PlanFor<N>, BatchFrom<N>>>;
  return open(options);
}
