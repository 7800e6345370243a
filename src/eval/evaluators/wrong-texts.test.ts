import { expect, it } from "vitest";
import { keyOf } from "../../base/random.js";
import type { Sample } from "../../data/sample.js";
import { WrongTexts } from "./wrong-texts.js";

const sample = (texts: readonly string[], fields: Sample["fields"] = {}): Sample => ({
  key: texts.join(),
  texts,
  fields,
});
const samples = [
  sample(["arrow left", "a red arrow left icon"], { concept: "arrow left", color: "red" }),
  sample(["arrow right"], { concept: "arrow right" }),
  sample(["left arrow of a long road sign"], { concept: "left arrow of a long road sign" }),
  sample(["arrow left", "a blue arrow left icon"], { concept: "arrow left", color: "blue" }),
  sample(["left arrow"], { concept: "left arrow" }), // the same words: it may be right
  sample(["bell", "a solid bell icon"], { concept: "bell", style: "solid", family: "x" }),
  sample(["bell"], { concept: "bell", family: "x" }),
  sample(["bell", "a filled bell icon"], { concept: "bell", style: "filled", family: "y" }),
];
const found = (index: number): Record<string, readonly string[]> =>
  Object.fromEntries(
    new WrongTexts(samples, keyOf(1))
      .of(index)
      .map(({ difficulty, right, wrong }) => [difficulty, [right, wrong]]),
  );

it("finds another concept with the same words, and the same concept in another color", () => {
  const texts = found(0);
  expect(texts["a stranger's"]![1]).toBe("bell"); // the only one without a common word
  expect(texts["another concept's with the same words"]).toEqual(["arrow left", "arrow right"]);
  expect(texts["the same concept's in another color"]).toEqual([
    "a red arrow left icon",
    "a blue arrow left icon",
  ]);
});

it("compares styles within a family only", () => {
  const style = "the same concept's in another style";
  expect(found(6)[style]).toEqual(["bell", "a solid bell icon"]);
  expect(found(5)[style]).toBeUndefined(); // the plain bell names no style
  expect(found(7)[style]).toBeUndefined(); // of another family
});

it("takes no text that is also one of the image's own for a wrong one", () => {
  const several = [
    sample(["a red circle", "something round", "a red disc"]),
    sample(["something round"]),
    sample(["a red disc"]),
    sample(["one square that is not red at all"]),
    sample(["grass"]),
  ];
  const texts = new WrongTexts(several, keyOf(1)).of(0);
  expect(texts.map(({ wrong }) => wrong)).toEqual(["grass", "one square that is not red at all"]);
});
