import type { Sample } from "../sample.js";
import type { SkippedSamples } from "../batch/skipped.js";

/** A position in a stream of samples. Plain JSON, so that it can be stored in a checkpoint. */
export interface Cursor {
  /** Number of the file within the source. */
  readonly file: number;
  /** Number of the next record within that file. */
  readonly record: number;
  /** Number of samples read before this position; default: 0. */
  readonly samples?: number | undefined;
}

export interface ReadOptions {
  /** Where to start; default: at the beginning. */
  readonly cursor?: Cursor;
  /** Records every skipped sample. */
  readonly skipped?: SkippedSamples;
}

/** A sample, and the cursor that continues after it. */
export interface ReadSample {
  readonly sample: Sample;
  readonly cursor: Cursor;
}

/** A data set that is read sequentially. */
export interface Source {
  /** Display name, such as "folder images/" or "12 tar shards of ...". */
  readonly name: string;
  /**
   * Yields samples in order.
   * @throws SourceError if the data set has no samples or cannot be read to the end
   */
  read(options?: ReadOptions): AsyncIterable<ReadSample>;
}

/** Options for reading data sets of any format. */
export interface SourceOptions {
  /** Columns of a table, Parquet file or caption file; default: found by name. */
  readonly columns?: Columns | undefined;
  /** Cell separator of a table; default: detected from its first line. */
  readonly separator?: string | undefined;
  /** Whether blank lines separate the documents of a text file; default: each file is one document. */
  readonly paragraphs?: boolean | undefined;
  /** Largest size of an image, document or row in bytes; larger ones are skipped. Default: 256 MiB. */
  readonly maxBytes?: number | undefined;
  /** Largest number of samples to read; default: all. */
  readonly maxSamples?: number | undefined;
}

/** Names of the columns; those not given are found by name. */
export interface Columns {
  readonly texts?: readonly string[] | undefined;
  /** Image files: as bytes, in base64, or as paths relative to the table. */
  readonly image?: string | undefined;
  readonly label?: string | undefined;
}

export const defaultMaxBytes = 256 * 1024 * 1024;
