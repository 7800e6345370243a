import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { conceptOf, cut, distinct, keyOf, plain, sentencesOf, wordsOf } from "./prose.js";

describe("prose", () => {
  it("loses markup, entities and white space", () => {
    expect(plain(" <p>A&#32;pear &amp;\n a <b>plum</b></p>\u0007")).toBe("A pear & a plum");
    expect(plain("&#x1F350;&unknown;&#99999999;")).toBe("🍐&unknown;");
  });

  it("is split into sentences, but not after abbreviations", () => {
    const text = "Mr. Pear (e.g. J. Plum) came at 3.14 o'clock! “Why?” Nobody knew. 7 fell.";
    expect(sentencesOf(text)).toEqual([
      "Mr. Pear (e.g. J. Plum) came at 3.14 o'clock!",
      "“Why?”",
      "Nobody knew.",
      "7 fell.",
    ]);
  });

  it("is cut between sentences, else between words, and never longer than requested", () => {
    expect(cut("One two. Three four five. Six.", 5)).toBe("One two. Three four five.");
    expect(cut("One two three four.", 3)).toBe("One two three");
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), fc.integer({ min: 1, max: 9 }), (text, words) => {
        expect(cut(text, words).split(" ").length).toBeLessThanOrEqual(words);
      }),
    );
  });

  it("keeps one of captions that differ in case or the last stop", () => {
    expect(distinct(["A pear.", undefined, "a pear", " ", "pear"])).toEqual(["A pear.", "pear"]);
  });

  it("comes from file names", () => {
    expect(["measuringTape6", "coffee-cup_01", "B.W"].map(wordsOf)).toEqual([
      "measuring tape",
      "coffee cup",
      "b w",
    ]);
    expect(conceptOf("The red Pear!")).toBe("red pear");
    expect(keyOf("set", "a b/c.d-é")).toBe("set/a-b-c-d--");
  });
});
