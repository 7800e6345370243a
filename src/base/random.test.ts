import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  below,
  foldIn,
  keyOf,
  normal,
  normalAt,
  threefry,
  uniform,
  uniformAt,
  unitInterval,
} from "./random.js";

const hex = (words: readonly number[]): string =>
  words.map((word) => (word >>> 0).toString(16).padStart(8, "0")).join(" ");
const mean = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
const size = 50_000;
const seed = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const index = fc.nat(2 ** 31 - 1);

describe("threefry", () => {
  // The known answers of Random123 (Salmon et al.), threefry2x32 with 20 rounds.
  it.each([
    [0x00000000, 0x00000000, 0x00000000, 0x00000000, "6b200159 99ba4efe"],
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, "1cb996fc bb002be7"],
    [0x13198a2e, 0x03707344, 0x243f6a88, 0x85a308d3, "c4923a9c 483df7a0"],
  ])("key %d %d, counter %d %d", (k0, k1, c0, c1, expected) => {
    expect(hex(threefry(k0, k1, c0, c1))).toBe(expected);
  });

  it("treats signed and unsigned words alike", () => {
    const word = fc.nat(2 ** 32 - 1);
    fc.assert(
      fc.property(word, word, word, word, (k0, k1, c0, c1) => {
        expect(threefry(k0 | 0, k1 | 0, c0 | 0, c1 | 0)).toEqual(threefry(k0, k1, c0, c1));
      }),
    );
  });
});

describe("keys", () => {
  it("differ for every seed, including those beyond 32 bits", () => {
    fc.assert(
      fc.property(seed, seed, (a, b) => {
        expect(keyOf(a).join() === keyOf(b).join()).toBe(a === b);
      }),
    );
  });

  it("differ when folded with different numbers or names", () => {
    const key = keyOf(7);
    const numbers = Array.from({ length: 1000 }, (_, data) => foldIn(key, data));
    const names = ["image", "text", "txet", "texts"].map((name) => foldIn(key, name));
    expect(new Set([...numbers, ...names].map(String)).size).toBe(1004);
    expect(foldIn(foldIn(key, 1), 2)).not.toEqual(foldIn(foldIn(key, 2), 1));
  });

  it("folded from one key yield independent numbers", () => {
    const key = keyOf(3);
    const [a, b] = [uniform(foldIn(key, 0), size, -1), uniform(foldIn(key, 1), size, -1)];
    const covariance = mean(a.map((value, i) => value * b[i]!));
    expect(Math.abs(covariance)).toBeLessThan((4 * (1 / 3)) / Math.sqrt(size));
  });
});

describe("uniform numbers", () => {
  it("are in (0, 1) and exact in float32, even at both ends", () => {
    for (const bits of [0, -1]) {
      const value = unitInterval(bits);
      expect(value).toBeGreaterThan(0);
      expect(value).toBeLessThan(1);
      expect(Math.fround(value)).toBe(value);
    }
    fc.assert(
      fc.property(seed, index, (start, i) => {
        const value = uniformAt(keyOf(start), i);
        expect(value > 0 && value < 1 && Math.fround(value) === value).toBe(true);
      }),
    );
  });

  it("have the moments of the uniform distribution", () => {
    const values = uniform(keyOf(1), size);
    expect(mean(values)).toBeCloseTo(1 / 2, 2);
    expect(mean(values.map((value) => (value - 0.5) ** 2))).toBeCloseTo(1 / 12, 3);
    const next = mean(values.slice(1).map((value, i) => (value - 0.5) * (values[i]! - 0.5)));
    expect(Math.abs(next)).toBeLessThan(4 / 12 / Math.sqrt(size)); // neighbors are uncorrelated
  });

  it("fill the range evenly", () => {
    const parts = new Array<number>(16).fill(0);
    for (const value of uniform(keyOf(2), size, 0, 16)) parts[Math.floor(value)]! += 1;
    const each = size / 16;
    const chiSquare = parts.reduce((sum, count) => sum + (count - each) ** 2 / each, 0);
    expect(chiSquare).toBeLessThan(37.7); // 15 degrees of freedom, one in a thousand
  });

  it("do not depend on how many are drawn, even beyond 2^32", () => {
    expect(uniform(keyOf(5), 3)).toEqual(uniform(keyOf(5), 9).slice(0, 3));
    expect(uniformAt(keyOf(5), 2 ** 32)).not.toBe(uniformAt(keyOf(5), 0));
  });

  it("stay within the requested range", () => {
    const values = uniform(keyOf(6), 1000, -3, 5);
    expect(values.every((value) => value > -3 && value < 5)).toBe(true);
    expect(mean(values)).toBeCloseTo(1, 0);
  });
});

describe("normal numbers", () => {
  it("have the moments of the normal distribution", () => {
    const values = normal(keyOf(4), size, 2);
    expect(Math.abs(mean(values))).toBeLessThan(0.04);
    expect(mean(values.map((value) => value ** 2)) / 4).toBeCloseTo(1, 1);
    expect(mean(values.map((value) => (value / 2) ** 4)) / 3).toBeCloseTo(1, 1);
    const beyond = values.filter((value) => Math.abs(value) > 4).length;
    expect(beyond / size).toBeCloseTo(0.0455, 2); // two standard deviations
  });

  it("are always finite", () => {
    fc.assert(
      fc.property(seed, index, (start, i) => {
        expect(Number.isFinite(normalAt(keyOf(start), i))).toBe(true);
      }),
    );
  });
});

describe("below", () => {
  it("yields integers from 0 to bound - 1", () => {
    const bound = fc.integer({ min: 1, max: 1_000_000 });
    fc.assert(
      fc.property(seed, bound, (start, limit) => {
        const value = below(keyOf(start), limit);
        expect(Number.isInteger(value) && value >= 0 && value < limit).toBe(true);
      }),
    );
  });

  it("reaches all of them", () => {
    const drawn = Array.from({ length: 100 }, (_, i) => below(foldIn(keyOf(8), i), 5));
    expect(new Set(drawn)).toEqual(new Set([0, 1, 2, 3, 4]));
  });
});
