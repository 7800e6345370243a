/** Evaluations that consist of measures alone: means over items, with intervals. */
import type { Key } from "../../base/random.js";
import { foldIn } from "../../base/random.js";
import { type Interval, bootstrap } from "../bootstrap.js";
import type { Numbers } from "../metrics.js";

/** A mean over items. */
export interface Measure {
  /** Such as "own caption above a stranger's". */
  readonly name: string;
  /** The mean of the scores with its interval. */
  readonly interval: Interval;
  /** What is averaged, such as 1 for a hit and 0 for a miss. */
  readonly scores: Numbers;
  /** The sample of each item: items of one sample are not independent. */
  readonly clusters: Numbers;
  /** The mean that guessing reaches. */
  readonly chance?: number;
}

/** A measure before its interval is computed. */
export type Scored = Omit<Measure, "interval">;

/** The measures that have items. */
export function withIntervals(scored: readonly Scored[], key: Key): Measure[] {
  return scored.flatMap((measure) => {
    const { name, scores, clusters } = measure;
    if (scores.length === 0) return [];
    return [{ ...measure, interval: bootstrap(scores, foldIn(key, name), { clusters }) }];
  });
}
