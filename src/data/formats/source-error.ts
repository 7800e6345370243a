import type { SkipReason } from "../batch/skipped.js";

/** A source cannot be read, or not to the end. The message names the file and the record, and says what to do. */
export class SourceError extends Error {
  override readonly name: string = "SourceError";
}

/** One sample cannot be used. Sources count it and continue. */
export class SampleError extends SourceError {
  override readonly name = "SampleError";

  constructor(
    readonly key: string,
    readonly reason: SkipReason,
    message: string,
  ) {
    super(message);
  }
}

/** For promises of what a row names: a SampleError says where the row is. */
export const inRow =
  (where: string) =>
  (error: unknown): never => {
    if (!(error instanceof SampleError)) throw error;
    throw new SampleError(error.key, error.reason, `${where}: ${error.message}`);
  };

/** The message of any thrown value, shortened to one line. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/\s*\n\s*/g, " ").slice(0, 200);
}
