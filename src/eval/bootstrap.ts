/** Bootstrap confidence intervals of a mean. */
import type { Abortable } from "../base/call-options.js";
import { type Key, foldIn } from "../base/random.js";
import { type Numbers, mean } from "./metrics.js";

/** A mean with its 95 % confidence interval. */
export interface Interval {
  /** The mean of all items. */
  readonly mean: number;
  /** Where the interval begins. */
  readonly low: number;
  /** Where the interval ends. */
  readonly high: number;
  /** Number of items averaged. */
  readonly count: number;
}

/** Options of measures with intervals. */
export interface IntervalOptions extends Abortable {
  /** Random key of the intervals; default: `keyOf(0)`. */
  readonly key?: Key;
}

/** How items are drawn again. */
export interface BootstrapOptions {
  /** Default: 1,000. */
  readonly resamples?: number;
  /** The cluster of each item, an integer >= 0. Whole clusters are drawn: captions of one image are not independent. */
  readonly clusters?: Numbers;
}

const level = 0.95;

/**
 * The mean of `scores` with its percentile bootstrap interval: items, or whole clusters, are resampled with
 * replacement, and the interval spans the middle 95 % of the means. Its width is zero if all scores are equal. The same
 * key gives the same interval.
 */
export function bootstrap(
  scores: Numbers,
  key: Key,
  { resamples = 1000, clusters }: BootstrapOptions = {},
): Interval {
  const count = scores.length;
  if (count === 0) throw new RangeError("A mean needs at least one item.");
  const { sums, counts } = gather(scores, clusters);
  const size = sums.length;
  const means = new Float64Array(resamples);
  for (let resample = 0; resample < resamples; resample++) {
    const draw = randomIndices(foldIn(key, resample), size);
    let [sum, items] = [0, 0];
    for (let drawn = 0; drawn < size; drawn++) {
      const index = draw();
      sum += sums[index]!;
      items += counts[index]!;
    }
    means[resample] = sum / items;
  }
  const total = sums.reduce((sum, score) => sum + score, 0);
  return { mean: total / count, ...middle(means), count };
}

/**
 * A metric that is no mean of scores, such as F1 or a correlation, with its percentile bootstrap interval, less the bias of the
 * resamples: a mean over classes is too high in them, for instance, where rare classes, of which some drop out, are the difficult ones.
 *
 * @param count number of items
 * @param metric of some items, given by their indices, of which some repeat; resamples of which it is NaN do not count. The
 *   indices are overwritten after each call
 * @returns the metric of all items as `mean`
 */
export function bootstrapMetric(
  count: number,
  metric: (items: Int32Array) => number,
  key: Key,
  { resamples = 1000 }: Pick<BootstrapOptions, "resamples"> = {},
): Interval {
  if (count === 0) throw new RangeError("A metric needs at least one item.");
  const items = Int32Array.from({ length: count }, (_, item) => item);
  const ofAll = metric(items);
  const values = Float64Array.from({ length: resamples }, (_, resample) => {
    const draw = randomIndices(foldIn(key, resample), count);
    for (let place = 0; place < count; place++) items[place] = draw();
    return metric(items);
  });
  const found = values.filter((value) => !Number.isNaN(value));
  return { mean: ofAll, ...unbiased(found, ofAll), count };
}

/**
 * The bounds of the middle 95 % of `values`, shifted so that their mean is `expected`, but not beyond 0 or 1 where no value is. They
 * are on both sides of `expected`, also where nearly all values are the same.
 */
function unbiased(values: Float64Array, expected: number): Pick<Interval, "low" | "high"> {
  const bias = mean(values) - expected;
  const { low, high } = middle(values);
  const least = values.some((value) => value < 0) ? -Infinity : 0;
  const most = values.some((value) => value > 1) ? Infinity : 1;
  return {
    low: Math.max(least, Math.min(expected, low - bias)),
    high: Math.min(most, Math.max(expected, high - bias)),
  };
}

/** The bounds of the middle 95 % of `values`; NaN if there are none. */
function middle(values: Float64Array): Pick<Interval, "low" | "high"> {
  const sorted = values.toSorted();
  return { low: quantile(sorted, (1 - level) / 2), high: quantile(sorted, (1 + level) / 2) };
}

/** The sum of scores and the number of items of each cluster; by default each item is its own cluster. */
function gather(
  scores: Numbers,
  clusters: Numbers | undefined,
): { readonly sums: Float64Array; readonly counts: Float64Array } {
  if (!clusters) {
    return { sums: Float64Array.from(scores), counts: new Float64Array(scores.length).fill(1) };
  }
  const places = new Map([...new Set(clusters)].map((cluster, place) => [cluster, place]));
  const [sums, counts] = [new Float64Array(places.size), new Float64Array(places.size)];
  let item = 0;
  for (const cluster of clusters) {
    const place = places.get(cluster)!;
    sums[place]! += scores[item++]!;
    counts[place]! += 1;
  }
  return { sums, counts };
}

/** A quantile of sorted `values`, interpolated linearly. */
function quantile(values: Float64Array, fraction: number): number {
  if (values.length === 0) return NaN;
  const place = fraction * (values.length - 1);
  const [below, above] = [values[Math.floor(place)]!, values[Math.ceil(place)]!];
  return below + (above - below) * (place - Math.floor(place));
}

/**
 * Draws integers from 0 to `bound - 1`, a hundred million per second: xoroshiro64** (Blackman and Vigna 2018), seeded
 * with `key`.
 */
function randomIndices(key: Key, bound: number): () => number {
  let [a, b] = key;
  if ((a | b) === 0) b = 1; // the generator never leaves the all-zero state
  const rotate = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits));
  return () => {
    const bits = Math.imul(rotate(Math.imul(a, 0x9e3779bb), 5), 5) >>> 0;
    b ^= a;
    a = rotate(a, 26) ^ b ^ (b << 9);
    b = rotate(b, 13);
    return Math.floor((bits / 2 ** 32) * bound);
  };
}
