import { expect, it } from "vitest";
import { config, smallState } from "../../../test/small-model.js";
import type { CollatedBatch } from "../../data/batch/collate.js";
import { AnswerCounter } from "./answers.js";

const counter = (losses = {}): AnswerCounter =>
  new AnswerCounter({ state: smallState(), config, precision: "float32", losses });

/** Two texts in rows of five, of which the second word of the first and the first of the second are masked. */
const texts = {
  maskedIds: Int32Array.of(1, 7, 39, 2, 0, 1, 9, 8, 7, 2),
  lengths: Int32Array.of(4, 5),
  targets: { positions: Int32Array.of(2, 6, -1), labels: Int32Array.of(5, 7, 0) },
};
const positions = Int32Array.of(3, 16, 17, -1); // of 16 patches each

const pairs = (match: readonly number[]): Extract<CollatedBatch, { kind: "pair" }> => ({
  kind: "pair",
  ids: texts.maskedIds,
  match: Float32Array.from(match),
  pixels: new Float32Array(2 * 3 * 32 * 32),
  hidden: new Float32Array(2 * 16),
  positions,
  codebookPixels: new Float32Array(2 * 3 * 32 * 32).fill(0.9),
  sizes: {
    kind: "pair",
    samples: 2,
    images: { pixels: [3, 32, 32], codebookPixels: [3, 32, 32], patches: 16, targets: 4 },
    texts: { length: 5, targets: 3 },
  },
  ...texts,
});

const total = (counts: ReadonlyMap<number, number> | undefined): number =>
  [...(counts ?? [])].reduce((sum, [, count]) => sum + count, 0);

it("counts the targets of matching pairs, and those of blank patches apart", async () => {
  const found = counter();
  found.addWordsAndMatches(pairs([1, 0]));
  await found.addTokens(pairs([1, 0]));
  const { answers } = found;
  expect(answers.get("itm")).toEqual(new Map([[1, 1], [0, 1]])); // prettier-ignore
  expect(answers.get("mmmText")).toEqual(new Map([[5, 1]]));
  expect(total(answers.get("mmmImage"))).toBe(1);
  expect(total(answers.get("mmmImage ink"))).toBe(0);
});

it("counts all pairs where none matches, and no loss of weight 0", async () => {
  const found = counter({ mmmText: 0 });
  const { answers } = found;
  const dark = { ...pairs([0, 0]), codebookPixels: new Float32Array(2 * 3 * 32 * 32).fill(0.1) };
  found.addWordsAndMatches(dark);
  await found.addTokens(dark);
  expect(answers.has("mmmText")).toBe(false);
  expect(total(answers.get("mmmImage"))).toBe(3);
  expect(answers.get("mmmImage ink")).toEqual(answers.get("mmmImage"));
});

it("counts whole texts, with what their masks hide", () => {
  const pieces = counter();
  expect(pieces.addPieces("mlm", texts)).toBe(5);
  expect(pieces.answers.get("mlm")).toEqual(new Map([[7, 3], [5, 1], [8, 1]])); // prettier-ignore
});
