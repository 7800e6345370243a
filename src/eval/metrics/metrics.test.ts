/** The metrics against scikit-learn, SciPy and VQA's own scorer. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { meanPerClass } from "../metrics.js";
import { accuracy, f1, macroF1, matthews } from "./agreement.js";
import { auroc } from "./auroc.js";
import { pearson, sharedRanks, spearman } from "./correlation.js";
import { softAnswers, vqaAccuracy } from "./vqa-accuracy.js";
import { normalizedAnswer } from "./vqa-answer.js";

interface Golden {
  readonly agreement: readonly {
    readonly predicted: readonly number[];
    readonly labels: readonly number[];
    readonly accuracy: number;
    readonly f1: number;
    readonly macroF1: number;
    readonly meanPerClass: number;
    readonly matthews: number;
  }[];
  readonly correlation: readonly {
    readonly a: readonly number[];
    readonly b: readonly number[];
    readonly pearson: number;
    readonly spearman: number;
  }[];
  readonly auroc: readonly {
    readonly scores: readonly number[];
    readonly labels: readonly number[];
    readonly auroc: number;
  }[];
  readonly vqa: {
    readonly people: readonly (readonly string[])[];
    readonly rows: readonly {
      readonly people: number;
      readonly answer: string;
      readonly accuracy: number;
    }[];
    readonly normalized: Readonly<Record<string, string>>;
  };
}

const file = new URL("../../../test/golden/metrics/metrics.json", import.meta.url);
const golden = JSON.parse(readFileSync(file, "utf8")) as Golden;

it.each(golden.agreement)("agreement equals scikit-learn's, case %#", (given) => {
  const { predicted, labels } = given;
  const hits = labels.map((label, item) => (predicted[item] === label ? 1 : 0));
  expect(accuracy(predicted, labels)).toBeCloseTo(given.accuracy, 12);
  expect(f1(predicted, labels)).toBeCloseTo(given.f1, 12);
  expect(macroF1(predicted, labels)).toBeCloseTo(given.macroF1, 12);
  expect(meanPerClass(hits, labels)).toBeCloseTo(given.meanPerClass, 12);
  expect(matthews(predicted, labels)).toBeCloseTo(given.matthews, 12);
});

it.each(golden.correlation)("correlation with ties equals SciPy's, case %#", (given) => {
  expect(pearson(given.a, given.b)).toBeCloseTo(given.pearson, 12);
  expect(spearman(given.a, given.b)).toBeCloseTo(given.spearman, 12);
});

it.each(golden.auroc)("AUROC with ties equals scikit-learn's, case %#", (given) => {
  expect(auroc(given.scores, given.labels)).toBeCloseTo(given.auroc, 12);
});

describe("what the metrics do without an answer", () => {
  it("is NaN for a constant, and for a single class", () => {
    expect(pearson([1, 2, 3], [0.1, 0.1, 0.1])).toBeNaN();
    expect(auroc([1, 2], [1, 1])).toBeNaN();
  });

  it("is NaN where a number is", () => {
    expect(auroc([1, NaN, 3], [0, 1, 1])).toBeNaN();
    for (const correlation of [pearson, spearman])
      expect(correlation([1, NaN, 3], [1, 2, 3])).toBeNaN();
  });

  it("is an error for lists of different lengths and other labels", () => {
    expect(() => accuracy([1], [1, 0])).toThrow("1 predictions and 2 labels");
    expect(() => pearson([1, 2], [1])).toThrow("2 and 1 numbers");
    expect(() => auroc([1, 2], [0, 2])).toThrow("a label is 2");
  });
});

it("equal numbers share the mean of their ranks", () => {
  expect([...sharedRanks([30, 10, 30, 20, 30])]).toEqual([4, 1, 4, 2, 4]);
});

describe("VQA accuracy", () => {
  it("equals the official scorer's", () => {
    const { people, rows } = golden.vqa;
    const ours = rows.map((row) => 100 * vqaAccuracy(row.answer, people[row.people]!));
    const theirs = rows.map(({ accuracy: percent }) => percent);
    expect([...new Set(theirs)].sort((a, b) => a - b)).toEqual([0, 30, 60, 90, 100]);
    for (const [row, value] of theirs.entries()) {
      expect(ours[row], JSON.stringify(rows[row])).toBeCloseTo(value, 4);
    }
  });

  it("normalizes answers as the official scorer does", () => {
    const { normalized } = golden.vqa;
    const ours = Object.keys(normalized).map((text) => [text, normalizedAnswer(text)]);
    expect(Object.fromEntries(ours)).toEqual(normalized);
  });

  it("of each answer is its soft target", () => {
    const people = golden.vqa.people[3]!;
    const targets = softAnswers(people);
    expect(targets.get("2")).toBeCloseTo(1, 12);
    for (const [answer, score] of targets) {
      expect(score).toBeCloseTo(vqaAccuracy(answer, people), 12);
    }
  });
});
