import type { Sample } from "../sample.js";
import type { SkippedSamples } from "../batch/skipped.js";

/** Where a stream of samples stands. Plain JSON, so that it can lie in a checkpoint. */
export interface Cursor {
  /** Number of the file within the source; 0 where there is only one. */
  readonly file: number;
  /** Number of the next record within that file. */
  readonly record: number;
}

export interface Part {
  readonly index: number;
  readonly of: number;
}

export interface ReadOptions {
  /** Begin here; default: at the beginning. */
  readonly cursor?: Cursor;
  /**
   * An even split among workers: record r of file f belongs to part (f + r) modulo `of`, so that many small files are
   * dealt out as evenly as one large one.
   */
  readonly part?: Part;
  /** Told of every sample that is left out; without it they are left out silently. */
  readonly skipped?: SkippedSamples;
}

/** A sample, and the cursor that goes on after it. */
export interface ReadSample {
  readonly sample: Sample;
  readonly cursor: Cursor;
}

/** A data set that can be read from front to end. */
export interface Source {
  /** What it is, for people: "folder images/", "12 tar shards of ...". */
  readonly name: string;
  /** Samples in their order; each comes with the cursor that goes on after it. */
  read(options?: ReadOptions): AsyncIterable<ReadSample>;
}
