/** Correlation of two lists of numbers, as SciPy computes it. */
import { type Numbers, mean } from "../metrics.js";

/** Pearson's correlation, from -1 to 1; NaN if one of the lists is constant. */
export function pearson(a: Numbers, b: Numbers): number {
  if (a.length !== b.length || a.length < 2) {
    throw new RangeError(
      `A correlation needs two lists of one length, at least 2, but got ${a.length} and ${b.length} numbers.`,
    );
  }
  const [meanA, meanB] = [mean(a), mean(b)];
  let [products, squaresA, squaresB] = [0, 0, 0];
  for (let item = 0; item < a.length; item++) {
    const [fromA, fromB] = [a[item]! - meanA, b[item]! - meanB];
    products += fromA * fromB;
    squaresA += fromA * fromA;
    squaresB += fromB * fromB;
  }
  // The sums of a constant need not be 0, as its mean is rounded.
  if (isConstant(a) || isConstant(b)) return NaN;
  return products / Math.sqrt(squaresA * squaresB);
}

function isConstant(values: Numbers): boolean {
  for (const value of values) if (value !== values[0]) return false;
  return true;
}

/** Spearman's correlation: Pearson's of the ranks, where equal numbers share their mean rank; NaN where there is one. */
export function spearman(a: Numbers, b: Numbers): number {
  if ([a, b].some((values) => Array.from(values).some(Number.isNaN))) return NaN;
  return pearson(sharedRanks(a), sharedRanks(b));
}

/** The rank of each number from 1, the lowest; equal numbers share the mean of their ranks. */
export function sharedRanks(values: Numbers): Float64Array {
  const order = Uint32Array.from(values, (_, item) => item);
  order.sort((a, b) => values[a]! - values[b]!);
  const ranks = new Float64Array(values.length);
  for (let first = 0, next = 0; first < order.length; first = next) {
    do next++;
    while (next < order.length && values[order[next]!] === values[order[first]!]);
    for (let place = first; place < next; place++) ranks[order[place]!] = (first + 1 + next) / 2;
  }
  return ranks;
}
