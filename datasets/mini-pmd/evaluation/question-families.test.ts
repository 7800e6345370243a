import { expect, it } from "vitest";
import type { BuiltPair } from "./built-pairs.js";
import { questionsOn } from "./question-families.js";

const pair = (concept: string, more: Partial<BuiltPair["fields"]> = {}): BuiltPair => ({
  key: concept,
  source: "icons",
  image: new Uint8Array(),
  texts: [concept],
  fields: { set: "ph", family: "phosphor", concept, license: "MIT", tags: [], ...more },
});
const asked = (given: BuiltPair): string[] =>
  questionsOn(
    given,
    (concept) => concept === "bell",
    (concept) => concept === "kettle",
  ).map(({ family, subject = "", answer }) => `${family}|${subject}|${answer}`);

it.each([
  ["bell slash", ["crossed out|bell|yes", "style||outline"]],
  ["kettle slash", ["style||outline"]],
  ["kettle", ["crossed out|kettle|no", "style||outline", "object||kettle"]],
  ["bell plus", ["crossed out|bell plus|no", "sign||plus", "style||outline"]],
  ["arrow left", ["crossed out|arrow left|no", "arrow||left", "style||outline"]],
  ["number circle seven", ["crossed out|number circle seven|no", "style||outline", "number||7"]],
])("finds the questions answered by the name %s", (concept, questions) => {
  expect(asked(pair(concept))).toEqual(questions);
});

it("takes style and color from the fields", () => {
  expect(asked(pair("bell", { style: "filled", color: "red" }))).toEqual([
    "crossed out|bell|no",
    "style||filled",
    "color||red",
  ]);
});
