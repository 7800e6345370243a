/** Metrics for ranking the right answers of items among candidates. Results are fractions from 0 to 1. */

/** A list or a typed array. */
export type Numbers = ArrayLike<number> & Iterable<number>;

/**
 * The number of wrong candidates that score at least as high as the best right one: 0 if the answer is right. Ties and
 * NaN count against the model: one that scores everything equally gets nothing right.
 *
 * @param scores of all candidates
 * @param right indices of the right candidates, at least one
 */
export function rankOf(scores: Float32Array, right: Numbers): number {
  let best = -Infinity;
  for (const one of right) if (scores[one]! > best) best = scores[one]!;
  let rank = 0;
  let index = scores.length; // an iterator would take three times as long
  while (index-- > 0) if (!(scores[index]! < best)) rank++;
  for (const one of right) if (!(scores[one]! < best)) rank--;
  return rank;
}

/** 1 for each item with a right answer among the first `k`, else 0. The mean is top-k accuracy or recall at k. */
export function hitsWithin(ranks: Numbers, k: number): Uint8Array {
  return Uint8Array.from(ranks, (rank) => (rank < k ? 1 : 0));
}

/** The mean of `scores`; NaN if there are none. */
export function mean(scores: Numbers): number {
  let sum = 0;
  for (const score of scores) sum += score;
  return sum / scores.length;
}

/**
 * The mean over non-empty classes of the mean score of their items ("mean per class", balanced accuracy).
 * @param labels the class of each item, an integer >= 0
 * @param items the items that count, of which some may repeat; default: each once
 */
export function meanPerClass(scores: Numbers, labels: Numbers, items?: Int32Array): number {
  const [sums, counts]: [number[], number[]] = [[], []];
  const count = items?.length ?? labels.length;
  for (let at = 0; at < count; at++) {
    const item = items ? items[at]! : at;
    const label = labels[item]!;
    sums[label] = (sums[label] ?? 0) + scores[item]!;
    counts[label] = (counts[label] ?? 0) + 1;
  }
  return mean(counts.flatMap((own, label) => sums[label]! / own));
}

/** The median: the middle value, or the mean of the two in the middle. */
export function median(values: Numbers): number {
  const sorted = Float64Array.from(values).sort();
  const middle = (sorted.length - 1) / 2;
  return mean([sorted[Math.floor(middle)] ?? NaN, sorted[Math.ceil(middle)] ?? NaN]);
}
