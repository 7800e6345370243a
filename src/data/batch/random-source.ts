import { type Key, uniformAt } from "../../base/random.js";

/** A sequence of random numbers, for an unknown number of draws. */
export interface RandomSource {
  /** A number between `low` and `high`, in either order. */
  uniform(low: number, high: number): number;
  /** An integer from `low` to `high`, inclusive. */
  integer(low: number, high: number): number;
}

/** The sequence of a key; the same key gives the same numbers. */
export function randomSource(key: Key): RandomSource {
  let drawn = 0;
  const next = (): number => uniformAt(key, drawn++);
  return {
    uniform: (low, high) => low + (high - low) * next(),
    integer: (low, high) => low + Math.floor((high - low + 1) * next()),
  };
}
