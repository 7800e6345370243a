import type { Numbers } from "../metrics.js";

/**
 * The area under the ROC curve: the probability that a random item of class 1 scores higher than one of class 0, where a tie
 * counts half (Mann and Whitney 1947).
 *
 * @param scores of each item, higher for class 1
 * @param labels 0 or 1 for each item
 * @returns a fraction from 0 to 1; NaN if a class has no item, or a score is NaN
 */
export function auroc(scores: Numbers, labels: Numbers): number {
  return aurocMeasure(scores, labels)(Int32Array.from(labels, (_, item) => item));
}

/** The area as a function of some items, given by their indices, of which some may repeat; scores are sorted only once. */
export function aurocMeasure(scores: Numbers, labels: Numbers): (items: Int32Array) => number {
  if (scores.length !== labels.length) {
    throw new RangeError(
      `Expected a score for each label, but got ${scores.length} scores and ${labels.length} labels.`,
    );
  }
  for (const label of labels) {
    if (label !== 0 && label !== 1)
      throw new RangeError(`AUROC is of two classes, labeled 0 and 1, but a label is ${label}.`);
  }
  if (Array.from(scores).some(Number.isNaN)) return () => NaN;
  const order = Uint32Array.from(labels, (_, item) => item);
  order.sort((a, b) => scores[a]! - scores[b]!);
  return (items) => {
    const times = new Uint32Array(scores.length);
    for (const item of items) times[item]!++;
    let [area, positives, negatives] = [0, 0, 0];
    for (let first = 0, next = 0; first < order.length; first = next) {
      const equal = [0, 0]; // items of this score by class
      do equal[labels[order[next]!]!]! += times[order[next++]!]!;
      while (next < order.length && scores[order[next]!] === scores[order[first]!]);
      area += equal[1]! * (negatives + equal[0]! / 2);
      negatives += equal[0]!;
      positives += equal[1]!;
    }
    return area / (positives * negatives);
  };
}
