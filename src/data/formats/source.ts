import type { Abortable } from "../../base/call-options.js";
import type { LocatedSample, Sample } from "../sample.js";
import type { SkippedSamples } from "../batch/skipped.js";

/** Samples that are read in order. */
export interface SampleSource {
  /** Display name, such as "folder images/" or "12 tar shards of ...". */
  readonly name: string;
  /**
   * Yields samples in order.
   * @param skipped records every sample that cannot be used
   * @throws SourceError if the data set has no samples or cannot be read to the end
   */
  read(skipped?: SkippedSamples): AsyncIterable<Sample>;
  /**
   * The number of samples, those that cannot be used included; undefined if only reading everything would tell, or if
   * the files cannot be read.
   */
  count(options?: Abortable): Promise<number | undefined>;
}

/** A data set that is read sequentially. */
export interface Source extends SampleSource {
  /** Like `read`, but images that can be read one by one stay in their files. */
  locate(skipped?: SkippedSamples): AsyncIterable<LocatedSample>;
  /** A digest that changes with the files that the samples come from: their names, sizes and times. */
  identity(): Promise<string>;
}

/** Options for reading data sets of any format. */
export interface SourceOptions {
  /** Columns of a table, Parquet file or caption file; default: found by name. */
  readonly columns?: Columns | undefined;
  /**
   * Folder that image paths in tables and Parquet files are relative to, and that alone they may lead to; default: the
   * folder of the table.
   */
  readonly imageRoot?: string | undefined;
  /** Cell separator of a table; default: detected from its first line. */
  readonly separator?: string | undefined;
  /** What a document of a text file is: the whole file (the default), a paragraph before a blank line, or a line. */
  readonly documents?: "files" | "paragraphs" | "lines" | undefined;
  /** Largest size of an image, document or row in bytes; larger ones are skipped. Default: 256 MiB. */
  readonly maxBytes?: number | undefined;
  /** Largest number of samples to read: the first ones, or of images in folders without tables some of all folders; default: all. */
  readonly maxSamples?: number | undefined;
  /** Called once with a line for each choice: of a column among several by its name, and of what counts as a text. */
  readonly onGuess?: ((line: string) => void) | undefined;
}

/** Names of the columns; those not given are found by name. */
export interface Columns {
  /** Columns with texts, the simplest first. */
  readonly texts?: readonly string[] | undefined;
  /** Image files: as bytes, in base64, or as paths relative to the table. */
  readonly image?: string | undefined;
  /** The column with the class. */
  readonly label?: string | undefined;
}

export const defaultMaxBytes = 256 * 1024 * 1024;
