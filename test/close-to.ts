import { expect } from "vitest";

/** For `toEqual`: numbers that agree with `expected` to a number of digits after the point. */
export function closeTo(expected: Iterable<number>, digits = 12): number[] {
  return Array.from(expected, (value) => expect.closeTo(value, digits) as number);
}
