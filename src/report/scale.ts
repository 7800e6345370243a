/** Scales and numbers of drawings. */

/** Places of values along an axis. */
export interface Scale {
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly number[];
  readonly place: (value: number) => number;
}

/** A scale from `start` for the least of `values` to `end` for the largest, with ticks at multiples of 1, 2 or 5 times a power of ten. */
export function scale(values: readonly number[], [start, end]: readonly [number, number]): Scale {
  const [least, most] = values.length > 0 ? [Math.min(...values), Math.max(...values)] : [0, 1];
  const [low, high] = least < most ? [least, most] : [least - 0.5, least + 0.5];
  const step = niceStep((high - low) / 3);
  const first = Math.ceil(low / step);
  const ticks = Array.from(
    { length: Math.max(0, Math.floor(high / step) - first + 1) },
    (_, index) => (first + index) * step,
  );
  return {
    low,
    high,
    ticks,
    place: (value) => start + ((value - low) / (high - low)) * (end - start),
  };
}

/** Rounds up to the next of 1, 2, 5, 10 ... */
function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
}

/** A place in a drawing, to a tenth. */
export const round = (value: number): number => Math.round(value * 10) / 10;
/** A number as an axis shows it. */
export const short = (value: number): string =>
  Math.abs(value) >= 10_000 || (value !== 0 && Math.abs(value) < 0.001)
    ? value.toExponential(0)
    : String(Number(value.toPrecision(3)));
