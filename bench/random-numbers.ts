/** Uniform from `low` to `high`: the values do not affect the time, as long as they are normal numbers. */
export function randomNumbers(size: number, low = -0.5, high = 0.5): Float32Array {
  const values = new Float32Array(size);
  for (let i = 0; i < size; i++) values[i] = low + (high - low) * Math.random();
  return values;
}

/** Integers from `low` to `high` - 1. */
export function randomIntegers(size: number, low: number, high: number): Int32Array {
  const values = new Int32Array(size);
  for (let i = 0; i < size; i++) values[i] = low + Math.floor((high - low) * Math.random());
  return values;
}
