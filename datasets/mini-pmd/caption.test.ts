import { describe, expect, it } from "vitest";
import { captionsOf, isTelling, withArticle } from "./caption.js";
import { nounTest } from "./nouns.js";

const isNoun = nounTest(new Set(["calendar", "plane", "key"]), new Set(["paper"]));

describe("captions", () => {
  it("begins with the plainest, and uses only given words", () => {
    const parts = {
      concept: "calendar",
      kind: "icon",
      style: "filled",
      category: "TimeDate",
      tags: ["date", "calendar", "event"],
      others: ["diary"],
    };
    expect(captionsOf(parts, isNoun)).toEqual([
      "calendar",
      "calendar: date, event",
      "calendar, filled",
      "diary",
      "a filled icon of a calendar",
      "calendar (time date)",
    ]);
  });

  it("gives at least three, without an article where there is no plain noun", () => {
    expect(captionsOf({ concept: "log out", kind: "icon" }, isNoun)).toEqual([
      "log out",
      "a log out icon",
      "log out icon",
    ]);
  });

  it("leaves out uninformative categories", () => {
    const captions = captionsOf({ concept: "key", kind: "icon", category: "Misc" }, isNoun);
    expect(captions).toEqual(["key", "an icon of a key", "key icon"]);
  });

  it.each([
    ["apple", "an apple"],
    ["ufo", "a ufo"],
    ["umbrella", "an umbrella"],
    ["user", "a user"],
    ["one way sign", "a one way sign"],
    ["scissors", "scissors"],
    ["bus", "a bus"],
    ["dress", "a dress"],
  ])("finds the article of %s", (words, expected) => {
    expect(withArticle(words)).toBe(expected);
  });

  it.each(["pa", "42", "4k", "a1b2c3d4e5"])("finds %s uninformative", (concept) => {
    expect(isTelling(concept)).toBe(false);
  });

  it("finds words informative", () => {
    expect(["bus", "4k video", "html5", "decade"].every(isTelling)).toBe(true);
  });
});

describe("plain nouns", () => {
  it.each(["calendar", "paper plane", "keys"])("are such as %s", (phrase) => {
    expect(isNoun(phrase)).toBe(true);
  });

  it.each(["add calendar", "calendar off", "paper", "donate", "plane key paper calendar"])(
    "are not such as %s",
    (phrase) => {
      expect(isNoun(phrase)).toBe(false);
    },
  );
});
