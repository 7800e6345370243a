import { availableParallelism } from "node:os";

/** How many threads compute. */
export interface ThreadOptions {
  /** Number of compute threads; default: `FLAVA_THREADS`, else one per core. */
  readonly threads?: number;
}

/** The number of threads that the options or the environment ask for. Throws unless it is from 1 to 1024. */
export function threadsFrom({ threads }: ThreadOptions): number {
  const count = threads ?? Number(process.env.FLAVA_THREADS ?? availableParallelism());
  if (Number.isSafeInteger(count) && count >= 1 && count <= 1024) return count;
  throw new RangeError(`Expected a number of threads from 1 to 1024, but got ${count}.`);
}
