import { type Key, uniformAt } from "../../base/random.js";

/** Random numbers one after another, for draws whose number is not known beforehand. */
export interface RandomSource {
  /** A number between `low` and `high`; also where `low` is the greater. */
  uniform(low: number, high: number): number;
  /** A whole number from `low` to `high`, both included. */
  integer(low: number, high: number): number;
}

/** The numbers of a key, from the first on: the same key gives the same numbers. */
export function randomSource(key: Key): RandomSource {
  let drawn = 0;
  const next = (): number => uniformAt(key, drawn++);
  return {
    uniform: (low, high) => low + (high - low) * next(),
    integer: (low, high) => low + Math.floor((high - low + 1) * next()),
  };
}
