import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keyOf } from "../../base/random.js";
import { shuffled } from "./shuffle.js";

const order = (size: number, seed: number): number[] =>
  Array.from({ length: size }, (_, position) => shuffled(position, size, keyOf(seed)));

describe("shuffled", () => {
  it("contains every number once, for any size and key", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.nat(), (size, seed) => {
        const sorted = order(size, seed).sort((a, b) => a - b);
        expect(sorted).toEqual(Array.from({ length: size }, (_, index) => index));
      }),
    );
  });

  it("has a different order for each key, far from the sorted one", () => {
    const [one, other] = [order(1000, 1), order(1000, 2)];
    expect(one).not.toEqual(other);
    const moved = one.reduce((sum, value, index) => sum + Math.abs(value - index), 0) / 1000;
    expect(moved).toBeGreaterThan(300); // a third of the size where all places are equally likely
    expect(moved).toBeLessThan(367);
  });

  it("works on more elements than fit in 32 bits", () => {
    const size = 2 ** 40 + 3;
    for (const position of [0, 2 ** 33, size - 1]) {
      const found = shuffled(position, size, keyOf(0));
      expect(Number.isInteger(found) && found >= 0 && found < size).toBe(true);
    }
  });

  it.each([-1, 3, 0.5])("refuses position %d of a list of 3", (position) => {
    expect(() => shuffled(position, 3, keyOf(0))).toThrow(`got ${position}`);
  });
});
