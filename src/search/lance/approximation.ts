/** What is known of an approximate index, and how it is asked for. */
import { z } from "zod";
import type { CallOptions } from "../../base/call-options.js";

export const approximation = z.object({
  /** The part of the ten nearest that a search finds, a mean over the queries. */
  recall: z.number(),
  queries: z.int(),
  /** Vectors in the index when it was built; later ones are searched exactly. */
  vectors: z.int(),
  /** Seconds it took to build. */
  seconds: z.number(),
  settings: z.object({ ef: z.int(), probes: z.int(), refine: z.int() }),
});

/**
 * An approximate index that was built: the recall that was measured, with the number of queries, and the settings that reach
 * it.
 * @useDeclaredType
 */
export type Approximation = z.infer<typeof approximation>;

/** How good an approximate index must be. Progress is in queries that are searched exactly, to measure it. */
export interface ApproximateOptions extends CallOptions {
  /** Least recall among the ten nearest, from 0 to 1. Default: 0.95. */
  readonly recall?: number;
  /** Keeps the index with the slowest settings even if it does not reach the recall. Default: false. */
  readonly force?: boolean;
  /** Queries to measure with, float32 [D]; default: up to 500 of the other kind's vectors. */
  readonly queries?: readonly Float32Array[];
}
