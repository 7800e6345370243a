import { describe, expect, it } from "vitest";
import { keyOf } from "../base/random.js";
import { SkippedSamples } from "../data/batch/skipped.js";
import { Predictions } from "./classification.js";
import { compareEvaluations } from "./compare.js";
import type { ClassificationEvaluation, Evaluation } from "./evaluate.js";

const labels = Int32Array.from({ length: 200 }, (_, item) => (item < 150 ? 0 : 1));
const keys = Array.from(labels, (_, item) => String(item));

/** An evaluation in which the items for which `isRight` holds are right. */
function evaluation(isRight: (item: number) => boolean): ClassificationEvaluation {
  const predictions = new Predictions(labels, 2);
  for (const [item, label] of labels.entries()) {
    const found = isRight(item) ? label : 1 - label;
    predictions.add(item, Float32Array.of(1 - found, found));
  }
  const result = predictions.result(keyOf(0));
  const set = { kind: "zero-shot", name: "items" } as ClassificationEvaluation["set"];
  const skipped = new SkippedSamples();
  const unknownLabels = new Map<string, number>();
  return { kind: "zero-shot", set, keys, labels, result, skipped, unknownLabels } as never;
}

describe("the differences between two models", () => {
  const first = evaluation((item) => item % 5 !== 0); // 80 %
  const second = evaluation((item) => item % 5 !== 0 && item % 20 !== 1); // 75 %, a part of these
  const byName = new Map(
    compareEvaluations(first, second, { key: keyOf(1) }).map((row) => [row.name, row] as const),
  );

  it("have intervals of pairs, which are narrower than those of two samples", () => {
    const { first: one, second: other, difference } = byName.get("top-1 accuracy")!;
    expect([one, other]).toEqual([0.8, 0.75]);
    expect(difference.mean).toBeCloseTo(0.05, 12);
    // 10 of 200 items differ, all in one direction: the standard error is that of a share of 5 %.
    const error = Math.sqrt((0.05 * 0.95) / 200);
    expect((difference.high - difference.low) / (2 * 1.96 * error)).toBeCloseTo(1, 0);
    expect(difference.low).toBeGreaterThan(0);
    const { low, high } = first.result.top1;
    expect(difference.high - difference.low).toBeLessThan(0.7 * (high - low));
  });

  it("weigh classes alike for the mean per class", () => {
    const { first: one, second: other, difference } = byName.get("mean per class accuracy")!;
    expect(difference.mean).toBeCloseTo(one - other, 12);
    expect(one).toBeCloseTo(first.result.meanPerClass.mean, 12);
  });

  it("are not defined for other samples", () => {
    const other = { ...second, keys: keys.toReversed() };
    expect(() => compareEvaluations(first, other)).toThrow("of the same samples");
  });

  it("are not defined for words that other vocabularies hide", () => {
    const masked = (scores: readonly number[], clusters: readonly number[]): Evaluation =>
      ({
        ...{ kind: "masked words", keys: ["0", "1"], set: first.set },
        measures: [{ name: "masked words right, no image", scores, clusters }],
      }) as never;
    const three = masked([1, 0, 1], [0, 0, 1]);
    expect(compareEvaluations(three, three)[0]?.difference.mean).toBe(0);
    for (const other of [masked([1, 0], [0, 1]), masked([1, 0, 1], [0, 1, 1])])
      expect(() => compareEvaluations(three, other)).toThrow("their vocabularies cut");
  });
});
