import type { Numbers } from "../metrics.js";
import { sharedRanks } from "./correlation.js";

/**
 * The area under the ROC curve: the probability that a random item of class 1 scores higher than one of class 0, where a tie
 * counts half (Mann and Whitney 1947).
 *
 * @param scores of each item, higher for class 1
 * @param labels 0 or 1 for each item
 * @returns a fraction from 0 to 1; NaN if a class has no item
 */
export function auroc(scores: Numbers, labels: Numbers): number {
  if (scores.length !== labels.length) {
    throw new RangeError(
      `Expected a score for each label, but got ${scores.length} scores and ${labels.length} labels.`,
    );
  }
  const ranks = sharedRanks(scores);
  let [sum, positives, item] = [0, 0, 0];
  for (const label of labels) {
    if (label !== 0 && label !== 1) {
      throw new RangeError(`AUROC is of two classes, labeled 0 and 1, but a label is ${label}.`);
    }
    if (label === 1) {
      sum += ranks[item]!;
      positives++;
    }
    item++;
  }
  return (sum - (positives * (positives + 1)) / 2) / (positives * (labels.length - positives));
}
