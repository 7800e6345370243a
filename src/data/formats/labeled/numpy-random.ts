/** NumPy's legacy random numbers, which other tools split sets with: the Mersenne Twister MT19937. */
const size = 624;

/** The sequence that `numpy.random.seed(seed)` begins. */
export class NumpyRandom {
  readonly #state = new Uint32Array(size);
  #next = size;

  constructor(seed: number) {
    this.#state[0] = seed;
    for (let index = 1; index < size; index++) {
      const last = this.#state[index - 1]!;
      this.#state[index] = Math.imul(1812433253, last ^ (last >>> 30)) + index;
    }
  }

  /** `numpy.random.choice(values, count, replace=False)` */
  choose<Value>(values: readonly Value[], count: number): Value[] {
    const shuffled = [...values];
    for (let last = shuffled.length - 1; last > 0; last--) {
      const other = this.#upTo(last);
      [shuffled[last], shuffled[other]] = [shuffled[other]!, shuffled[last]!];
    }
    return shuffled.slice(0, count);
  }

  /** An integer from 0 to `most`: the first that fits among those with as many bits. */
  #upTo(most: number): number {
    const mask = 2 ** (32 - Math.clz32(most)) - 1;
    for (;;) {
      const value = (this.#uint32() & mask) >>> 0;
      if (value <= most) return value;
    }
  }

  #uint32(): number {
    if (this.#next === size) this.#twist();
    let value = this.#state[this.#next++]!;
    value ^= value >>> 11;
    value ^= (value << 7) & 0x9d2c5680;
    value ^= (value << 15) & 0xefc60000;
    return (value ^ (value >>> 18)) >>> 0;
  }

  #twist(): void {
    const state = this.#state;
    for (let index = 0; index < size; index++) {
      const bits = (state[index]! & 0x80000000) | (state[(index + 1) % size]! & 0x7fffffff);
      state[index] = state[(index + 397) % size]! ^ (bits >>> 1) ^ (bits & 1 ? 0x9908b0df : 0);
    }
    this.#next = 0;
  }
}
