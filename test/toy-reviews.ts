/** A toy task: reviews whose single telling word decides their label. */
import { below, foldIn, keyOf } from "../src/base/random.js";
import type { LabeledSample } from "../src/data/labeled-sample.js";

const words = {
  good: ["wonderful", "lovely", "great", "charming"],
  bad: ["awful", "terrible", "poor", "horrible"],
} as const;
const things = ["film", "book", "song", "meal", "house", "garden"];

/** The same reviews for the same seed; their keys are the numbers from 0. */
export function toyReviews(count: number, seed: number): LabeledSample[] {
  return Array.from({ length: count }, (_, index) => {
    const key = foldIn(keyOf(seed), index);
    const pick = (list: readonly string[], name: string): string =>
      list[below(foldIn(key, name), list.length)]!;
    const label = pick(["good", "bad"], "label") as keyof typeof words;
    const [thing, other] = [pick(things, "thing"), pick(things, "other")];
    const text = `the ${thing} was ${pick(words[label], "word")} and the ${other} was old`;
    return { key: String(index), text, target: { kind: "class", label } };
  });
}
