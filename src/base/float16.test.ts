import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromFloat16, toFloat16 } from "./float16.js";

const every = Uint16Array.from({ length: 65536 }, (_, bits) => bits);
const numbers = fromFloat16(every);
const finite = numbers.filter(Number.isFinite);
const round = (value: number): number => fromFloat16(toFloat16(Float32Array.of(value)))[0]!;

describe("half precision", () => {
  it.each([
    [0x0000, 0],
    [0x3c00, 1],
    [0xc000, -2],
    [0x7bff, 65504],
    [0x0001, 2 ** -24],
    [0x03ff, 1023 * 2 ** -24],
    [0x0400, 2 ** -14],
    [0x3555, 0.333251953125],
    [0x7c00, Infinity],
    [0xfc00, -Infinity],
  ])("%d stands for %d", (bits, value) => {
    expect(numbers[bits]).toBe(value);
  });

  it("gives back all numbers, and not-a-number as such", () => {
    const back = toFloat16(numbers);
    for (const bits of every) {
      if (Number.isNaN(numbers[bits])) expect(Number.isNaN(round(NaN))).toBe(true);
      else expect(back[bits]).toBe(bits);
    }
  });

  it("rounds to the nearest, ties to even", () => {
    const value = fc.float({
      noNaN: true,
      min: -65519,
      max: 65519,
      minExcluded: true,
      maxExcluded: true,
    });
    fc.assert(
      fc.property(
        fc.oneof(value, fc.float({ min: -(2 ** -10), max: 2 ** -10, noNaN: true })),
        (x) => {
          const distance = Math.abs(round(x) - x);
          const nearest = finite.reduce(
            (least, half) => Math.min(least, Math.abs(half - x)),
            Infinity,
          );
          expect(distance).toBe(nearest);
        },
      ),
      { numRuns: 50 },
    );
    expect([2049, 2051, 2 ** -25, 3 * 2 ** -25].map(round)).toEqual([2048, 2052, 0, 2 ** -23]);
    expect([65519.996, 65520, -1e30].map(round)).toEqual([65504, Infinity, -Infinity]);
  });
});
