/**
 * Splittable seeded random numbers: Threefry-2x32 with 20 rounds (Salmon et al. 2011), a counter-based generator. The
 * same key yields the same numbers on every machine, backend and thread count.
 */
export type Key = readonly [number, number];

const rotations = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
] as const;

/** Encrypts the counter (c0, c1) under the key (k0, k1): two words of 32 random bits, as signed integers. */
export function threefry(k0: number, k1: number, c0: number, c1: number): [number, number] {
  const keys = [k0 | 0, k1 | 0, 0x1bd11bda ^ k0 ^ k1] as const;
  let x0 = (c0 + keys[0]) | 0;
  let x1 = (c1 + keys[1]) | 0;
  for (let group = 0; group < 5; group++) {
    for (const rotation of rotations[(group & 1) as 0 | 1]) {
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << rotation) | (x1 >>> (32 - rotation))) ^ x0;
    }
    x0 = (x0 + keys[((group + 1) % 3) as 0 | 1 | 2]) | 0;
    x1 = (x1 + keys[((group + 2) % 3) as 0 | 1 | 2] + group + 1) | 0;
  }
  return [x0, x1];
}

/** The key of a seed, an integer: where all randomness here begins. `foldIn` makes others of it. */
export function keyOf(seed: number): Key {
  return [Math.floor(seed / 2 ** 32) | 0, seed | 0];
}

/** A new key, independent of `key` and of those made with other `data` (a number, or a name). */
export function foldIn(key: Key, data: number | string): Key {
  if (typeof data === "number") return threefry(key[0], key[1], data | 0, 0);
  let folded = key;
  for (const character of data) folded = foldIn(folded, character.codePointAt(0) ?? 0);
  // A name ends with its length, in a counter that numbers never use, so that no name is a prefix of another.
  return threefry(folded[0], folded[1], data.length, -1);
}

/** Maps 32 random bits to the open interval (0, 1), exactly representable in float32. */
export function unitInterval(bits: number): number {
  return ((bits >>> 9) + 0.5) * 2 ** -23;
}

/** The random number in (0, 1) of element `index` under `key`. */
export function uniformAt(key: Key, index: number): number {
  return unitInterval(threefry(key[0], key[1], index | 0, Math.floor(index / 2 ** 32))[0]);
}

/** The standard normal number of element `index` under `key` (Box-Muller). */
export function normalAt(key: Key, index: number): number {
  const [x0, x1] = threefry(key[0], key[1], index | 0, Math.floor(index / 2 ** 32));
  return Math.sqrt(-2 * Math.log(unitInterval(x0))) * Math.cos(2 * Math.PI * unitInterval(x1));
}

/** `size` normal numbers with mean 0 and the given standard deviation. */
export function normal(key: Key, size: number, std = 1): Float32Array {
  return Float32Array.from({ length: size }, (_, index) => std * normalAt(key, index));
}

/** `size` uniform numbers in (low, high). */
export function uniform(key: Key, size: number, low = 0, high = 1): Float32Array {
  return Float32Array.from(
    { length: size },
    (_, index) => low + (high - low) * uniformAt(key, index),
  );
}

/** An integer from 0 to `bound - 1`. */
export function below(key: Key, bound: number): number {
  return Math.floor(uniformAt(key, 0) * bound);
}
