import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { foldIn, keyOf } from "../../base/random.js";
import { blockMask, blockMaskDefaults } from "./block-mask.js";
import { type RandomSource, randomSource } from "./random-source.js";

/** CPython's `random`: the Mersenne Twister MT19937, seeded with a small whole number. */
function pythonRandom(seed: number): RandomSource {
  const state = new Uint32Array(624);
  state[0] = 19650218;
  const scrambled = (index: number, factor: number): number => {
    const before = state[index - 1]!;
    return Math.imul(before ^ (before >>> 30), factor);
  };
  for (let i = 1; i < 624; i++) state[i] = scrambled(i, 1812433253) + i;
  let i = 1;
  const mix = (rounds: number, factor: number, added: (index: number) => number): void => {
    for (let round = 0; round < rounds; round++) {
      state[i] = (state[i]! ^ scrambled(i, factor)) + added(i);
      if (i === 623) state[0] = state[623]!;
      i = (i % 623) + 1;
    }
  };
  mix(624, 1664525, () => seed);
  mix(623, 1566083941, (index) => -index);
  state[0] = 0x80000000;

  let used = 624;
  const word = (): number => {
    if (used === 624) {
      for (let k = 0; k < 624; k++) {
        const y = (state[k]! & 0x80000000) | (state[(k + 1) % 624]! & 0x7fffffff);
        state[k] = state[(k + 397) % 624]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
      }
      used = 0;
    }
    let y = state[used++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  };
  const unit = (): number => ((word() >>> 5) * 2 ** 26 + (word() >>> 6)) / 2 ** 53;
  return {
    uniform: (low, high) => low + (high - low) * unit(),
    integer: (low, high) => {
      const count = high - low + 1;
      const bits = 32 - Math.clz32(count);
      for (;;) {
        const drawn = word() >>> (32 - bits);
        if (drawn < count) return low + drawn;
      }
    },
  };
}

const grid = { height: 14, width: 14 };
const flava = { ...grid, ...blockMaskDefaults(grid) };
const count = (mask: Uint8Array): number => mask.reduce((sum, cell) => sum + cell, 0);
const rows = (mask: Uint8Array): string[] =>
  Array.from({ length: 14 }, (_, row) => mask.slice(14 * row, 14 * row + 14).join(""));

describe("the sizes of a block mask", () => {
  it("follow the area of the grid", () => {
    expect(blockMaskDefaults(grid)).toEqual({ total: 75, minGroup: 16 });
    expect(blockMaskDefaults({ height: 8, width: 8 })).toEqual({ total: 24, minGroup: 5 });
    expect(blockMaskDefaults({ height: 1, width: 2 })).toEqual({ total: 1, minGroup: 1 });
  });

  it.each([
    [{ total: 0 }, "Expected the total"],
    [{ total: 197 }, "give a total of 196 or less"],
    [{ minGroup: 1.5 }, "got 1.5"],
    [{ height: 0 }, "Expected the height"],
    [{ minAspect: 3 }, "got 3 and"],
    [{ maxAspect: 0.2 }, "and 0.2"],
  ])("are checked: %j", (wrong, message) => {
    expect(() => blockMask(randomSource(keyOf(1)), { ...flava, ...wrong })).toThrow(message);
  });
});

describe("a block mask", () => {
  it("is BEiT's, drawn with Python's random numbers of seed 1 (flava.md 10.3)", () => {
    const random = pythonRandom(1);
    expect(rows(blockMask(random, flava))).toEqual([
      "00000000000000",
      ...new Array<string>(5).fill("00001110000000"),
      "00001110000001",
      ...new Array<string>(2).fill("11111110001111"),
      "11111110001110",
      ...new Array<string>(3).fill("11111000001110"),
      "00000000000000",
    ]);
    expect(rows(blockMask(random, flava))).toEqual([
      ...new Array<string>(3).fill("00000000000000"),
      "00000011111100",
      "01111111111100",
      ...new Array<string>(3).fill("01111110111100"),
      "01111000111100",
      ...new Array<string>(5).fill("00000000111100"),
    ]);
  });

  it("hides as many patches on average as the reference (3.3)", () => {
    const counts = Array.from({ length: 4000 }, (_, index) =>
      count(blockMask(randomSource(foldIn(keyOf(3), index)), flava)),
    );
    const mean = counts.reduce((sum, hidden) => sum + hidden, 0) / counts.length;
    const full = counts.filter((hidden) => hidden === 75).length / counts.length;
    expect(mean).toBeCloseTo(74.48, 1);
    expect(Math.abs(full - 0.667)).toBeLessThan(0.03); // four standard deviations
  });

  it("hides at least one patch, never more than the total, and is determined by the key", () => {
    const side = fc.integer({ min: 1, max: 20 });
    const sizes = fc
      .record({
        height: side,
        width: side,
        seed: fc.nat(),
        share: fc.double({ min: 0, max: 1, noNaN: true }),
      })
      .chain(({ share, ...rest }) => {
        const total = Math.max(1, Math.floor(share * rest.height * rest.width));
        const upToTotal = fc.integer({ min: 1, max: total });
        return fc.record({
          ...{ height: fc.constant(rest.height), width: fc.constant(rest.width) },
          ...{ seed: fc.constant(rest.seed), total: fc.constant(total) },
          minGroup: upToTotal,
          maxGroup: upToTotal,
        });
      });
    fc.assert(
      fc.property(sizes, ({ seed, ...given }) => {
        const mask = blockMask(randomSource(keyOf(seed)), given);
        expect(mask).toHaveLength(given.height * given.width);
        expect(mask.every((cell) => cell === 0 || cell === 1)).toBe(true);
        expect(count(mask)).toBeGreaterThan(0);
        expect(count(mask)).toBeLessThanOrEqual(given.total);
        expect(blockMask(randomSource(keyOf(seed)), given)).toEqual(mask);
      }),
      { numRuns: 500 },
    );
  });

  it("only has blocks of the given aspect ratios", () => {
    const wide = { height: 40, width: 40, total: 60, minGroup: 60 };
    for (let seed = 0; seed < 50; seed++) {
      const mask = blockMask(randomSource(keyOf(seed)), {
        ...wide,
        minAspect: 0.1,
        maxAspect: 0.3,
      });
      const cells = [...mask.keys()].filter((cell) => mask[cell] === 1);
      const columns = new Set(cells.map((cell) => cell % 40));
      const height = cells.filter((cell) => cell % 40 === [...columns][0]).length;
      expect(height).toBeLessThan(columns.size / 2);
    }
  });

  it("draws areas between the minimum and the maximum, or the patches left", () => {
    const source = randomSource(keyOf(5));
    const areas: [number, number][] = [];
    const uniform = (low: number, high: number): number => {
      if (low > 0) areas.push([low, high]); // the logarithm of the ratio begins below zero
      return source.uniform(low, high);
    };
    blockMask({ ...source, uniform }, { ...grid, total: 30, minGroup: 4, maxGroup: 6 });
    expect(areas.length).toBeGreaterThanOrEqual(5);
    expect(areas[0]).toEqual([4, 6]);
    expect(areas.every(([low, high]) => low === 4 && high <= 6)).toBe(true);
  });
});
