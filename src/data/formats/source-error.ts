import { type SampleName, type SkipReason, faultAt } from "../batch/skipped.js";

/** A source cannot be read, or not to the end. The message names the file and the record, and says what to do. */
export class SourceError extends Error {
  /** "SourceError", or the name of a class that extends it. */
  override readonly name: string = "SourceError";
}

/** One sample cannot be used. Sources count it and continue. */
export class SampleError extends SourceError implements SampleName {
  override readonly name = "SampleError";

  /** @param where see `SampleName`; sources that know the place of every sample add it */
  constructor(
    /** The sample's key. */
    readonly key: string,
    /** The kind of fault. */
    readonly reason: SkipReason,
    /** What exactly is wrong, without where it is. */
    readonly fault: string,
    /** Where it is in a file of many, such as "a.csv, line 3". */
    readonly where?: string,
  ) {
    super(faultAt(where, fault));
  }
}

/** The message of any thrown value, shortened to one line. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/\s*\n\s*/g, " ").slice(0, 200);
}
