import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryDirectory } from "../../test/golden/temporary-directory.js";
import { textOptions } from "../configs/recipe-data.js";
import { type SampleSet, openSampleSet } from "../data/batch/sample-set.js";
import { openVocabulary } from "../data/text/vocabulary.js";
import { describeCutTexts } from "./cut-texts.js";

const folder = temporaryDirectory();
const vocabulary = await openVocabulary();
const textsOf = (limit: number) => textOptions.parse({ lengths: [4, limit], unit: "word" });

async function setOf(name: string, texts: readonly string[]): Promise<SampleSet> {
  const path = join(folder, name);
  writeFileSync(path, texts.map((text) => JSON.stringify({ text })).join("\n"));
  return openSampleSet(path, name);
}

it("says how many texts are longer than the last length, of all or of some at equal distances", async () => {
  const words = (count: number): string => Array(count).fill("dog").join(" ");
  const first = await setOf("first.jsonl", [words(8), words(9), "🐕 dog", words(8)]);
  const second = await setOf("second.jsonl", [" ".repeat(2000) + words(9), words(9)]);
  const sets = { pair: [], image: [], text: [first, second] };
  const describe = (most?: number): Promise<string[]> =>
    describeCutTexts(sets, { captions: textsOf(5), passages: textsOf(10) }, vocabulary, most);
  expect(await describe()).toEqual([
    "3 of 6 texts are longer than 10 tokens and cut there; data.passages.lengths sets the limit.",
  ]);
  // Numbers 0, 2 and 4, the last of which is in the second set.
  expect(await describe(3)).toEqual([
    "1 of the 3 texts of one sample in 2 is longer than 10 tokens and cut there; data.passages.lengths sets the limit.",
  ]);
  const some = { ...sets, text: [await setOf("short.jsonl", [words(8)])] };
  const data = { captions: textsOf(5), passages: textsOf(10) };
  expect(await describeCutTexts(some, data, vocabulary)).toEqual([]);
});
