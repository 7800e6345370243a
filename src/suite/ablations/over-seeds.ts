/** Means over seeds with intervals. */
import { mean } from "../../eval/metrics.js";

/** A mean over seeds. */
export interface OverSeeds {
  /** The mean over the seeds. */
  readonly mean: number;
  /** Half the width of the 95 % interval; undefined for a single seed. */
  readonly margin?: number;
  /** How many there are. */
  readonly seeds: number;
}

/** The 97.5 % quantiles of Student's distribution with 1 to 10 degrees of freedom; for more, an expansion suffices. */
const quantiles = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];

function quantile(degrees: number): number {
  return quantiles[degrees - 1] ?? 1.96 + 2.372 / degrees + 2.823 / degrees ** 2;
}

/** The mean of `values`, one for each seed, with the interval of Student's distribution. */
export function overSeeds(values: readonly number[]): OverSeeds {
  const seeds = values.length;
  const center = mean(values);
  if (seeds < 2) return { mean: center, seeds };
  const squares = values.reduce((sum, value) => sum + (value - center) ** 2, 0);
  const deviation = Math.sqrt(squares / (seeds - 1));
  return { mean: center, margin: (quantile(seeds - 1) * deviation) / Math.sqrt(seeds), seeds };
}

/** As in "71.55 ± 0.80". */
export function describeOverSeeds({ mean: value, margin }: OverSeeds): string {
  return `${value.toFixed(2)}${margin === undefined ? "" : ` ± ${margin.toFixed(2)}`}`;
}
