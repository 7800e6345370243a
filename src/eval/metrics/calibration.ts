import type { Numbers } from "../metrics.js";

/**
 * Expected calibration error (Naeini et al. 2015; Guo et al. 2017): the mean distance between probability and frequency over
 * bins of equal width, weighted by their numbers of items.
 *
 * @param probabilities that each item is of class 1
 * @param labels 0 or 1 for each item
 * @returns a fraction from 0 to 1; NaN if there are no items
 */
export function calibrationError(probabilities: Numbers, labels: Numbers, bins = 10): number {
  const sums = new Float64Array(bins); // of probability minus label
  let item = 0;
  for (const probability of probabilities) {
    const bin = Math.min(bins - 1, Math.floor(probability * bins));
    sums[bin]! += probability - labels[item++]!;
  }
  return sums.reduce((sum, difference) => sum + Math.abs(difference), 0) / item;
}
