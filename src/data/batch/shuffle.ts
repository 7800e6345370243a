/** Shuffled orders that are never stored: each element is computed from a key. */
import { type Key, threefry } from "../../base/random.js";

const rounds = 6;

/**
 * The element at `position` of the shuffled numbers 0 to `size - 1`: a Feistel network, walked until it lands below
 * `size`, so that orders of any length cost no memory.
 */
export function shuffled(position: number, size: number, key: Key): number {
  if (!(Number.isInteger(position) && position >= 0 && position < size)) {
    throw new RangeError(`Expected a position from 0 to ${size - 1}, but got ${position}.`);
  }
  const bits = Math.max(1, Math.ceil(Math.log2(size) / 2));
  const half = 2 ** bits;
  let value = position;
  do value = permuted(value, half, key);
  while (value >= size);
  return value;
}

/** One pass over the numbers below `half` squared. */
function permuted(value: number, half: number, key: Key): number {
  let left = Math.floor(value / half);
  let right = value % half;
  for (let round = 0; round < rounds; round++) {
    const mixed = (threefry(key[0], key[1], right, round)[0] >>> 0) % half;
    [left, right] = [right, (left + mixed) % half];
  }
  return left * half + right;
}
