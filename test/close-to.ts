import { expect } from "vitest";

/** What `toEqual` accepts for numbers that agree with `expected` to so many digits after the point. */
export function closeTo(expected: Iterable<number>, digits = 12): number[] {
  return Array.from(expected, (value) => expect.closeTo(value, digits) as number);
}
