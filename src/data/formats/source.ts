import type { Sample } from "../sample.js";
import type { SkippedSamples } from "../batch/skipped.js";

/** A position in a stream of samples. Plain JSON, so that it can be stored in a checkpoint. */
export interface Cursor {
  /** Number of the file within the source; 0 where there is only one. */
  readonly file: number;
  /** Number of the next record within that file. */
  readonly record: number;
  /** Samples read before this position; default 0. */
  readonly samples?: number | undefined;
}

export interface ReadOptions {
  /** Begin here; default: at the beginning. */
  readonly cursor?: Cursor;
  /** Receives every sample that is left out. */
  readonly skipped?: SkippedSamples;
}

/** A sample, and the cursor that continues after it. */
export interface ReadSample {
  readonly sample: Sample;
  readonly cursor: Cursor;
}

/** A data set that can be read from front to end. */
export interface Source {
  /** A description for people: "folder images/", "12 tar shards of ...". */
  readonly name: string;
  /**
   * Samples in their order.
   * @throws SourceError where the data set has no samples at all, or cannot be read further
   */
  read(options?: ReadOptions): AsyncIterable<ReadSample>;
}

/** How data sets are read, whatever their format. */
export interface SourceOptions {
  /** Which columns of a table, a parquet file or a caption file hold what; default: found by their names. */
  readonly columns?: Columns | undefined;
  /** What separates the cells of a table; default: found in its first line. */
  readonly separator?: string | undefined;
  /** Whether blank lines divide a text file into documents; default: a file is one document. */
  readonly paragraphs?: boolean | undefined;
  /** Bytes that one image, document or row may have; larger ones are left out. Default 256 MiB. */
  readonly maxBytes?: number | undefined;
  /** Read no more samples than these; default: all. */
  readonly maxSamples?: number | undefined;
}

/** Which columns hold what; those not given are found by their names. */
export interface Columns {
  readonly texts?: readonly string[] | undefined;
  /** Image files: their bytes, their bytes in base64, or their paths relative to the table. */
  readonly image?: string | undefined;
  readonly label?: string | undefined;
}

export const defaultMaxBytes = 256 * 1024 * 1024;
