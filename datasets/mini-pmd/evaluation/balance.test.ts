import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { balanced, bestGuess } from "./balance.js";

type Item = readonly [group: string, answer: string];
const group = ([name]: Item): string => name;
const answer = ([, name]: Item): string => name;

describe("balanced", () => {
  it("makes the group useless for guessing", () => {
    const items = fc.array(fc.tuple(fc.constantFrom("p", "q"), fc.constantFrom("x", "y", "z")));
    fc.assert(
      fc.property(items, (all) => {
        const kept = balanced(all, group, answer, 3);
        for (const name of ["p", "q"]) {
          const own = kept.filter((item) => group(item) === name);
          const answers = new Set(own.map(answer)).size;
          expect(own.length === 0 || answers > 1).toBe(true);
          if (own.length > 0) expect(bestGuess(own, group, answer)).toBeCloseTo(1 / answers);
        }
      }),
    );
  });

  it("leaves out groups that lack an answer", () => {
    const items: Item[] = [
      ["bell", "yes"],
      ["bell", "no"],
      ["cup", "no"],
    ];
    expect(balanced(items, group, answer, 3, ["yes", "no"]).map(group)).toEqual(["bell", "bell"]);
  });
});

it("guesses from the shown part", () => {
  const items: Item[] = [
    ["p", "x"],
    ["p", "x"],
    ["p", "y"],
    ["q", "y"],
  ];
  expect(bestGuess(items, group, answer)).toBe(0.75);
  expect(bestGuess(items, () => "", answer)).toBe(0.5);
});
