import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hitsWithin, mean, meanPerClass, median, rankOf } from "./metrics.js";

const rank = (scores: number[], right: number[]): number =>
  rankOf(Float32Array.from(scores), right);

describe("the rank of a right answer", () => {
  it("counts the wrong answers above it", () => {
    expect(rank([0.1, 0.9, 0.5, 0.7], [2])).toBe(2);
    expect(rank([0.1, 0.9, 0.5, 0.7], [1])).toBe(0);
  });

  it("is that of the best of several right answers", () => {
    expect(rank([0.1, 0.9, 0.5, 0.7], [0, 3])).toBe(1);
    expect(rank([0.7, 0.9, 0.7, 0.7], [0, 3])).toBe(2);
  });

  it("counts ties and NaN against the model", () => {
    expect(rank([1, 1, 1, 1], [2])).toBe(3);
    expect(rank([NaN, NaN, NaN], [0])).toBe(2);
    expect(rank([0.2, NaN, 0.1], [0])).toBe(1);
  });

  it("does not depend on the order of candidates", () => {
    const anyScores = fc.array(fc.float({ noNaN: true }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(anyScores, fc.infiniteStream(fc.nat()), (scores, numbers) => {
        const right = [...scores.keys()].filter(
          (i) => i === 0 || (numbers.next().value ?? 0) % 3 === 0,
        );
        const order = [...scores.keys()];
        for (let i = order.length - 1; i > 0; i--) {
          const j = (numbers.next().value ?? 0) % (i + 1);
          [order[i], order[j]] = [order[j]!, order[i]!];
        }
        const permuted = order.map((i) => scores[i]!);
        const permutedRight = right.map((i) => order.indexOf(i));
        expect(rank(permuted, permutedRight)).toBe(rank(scores, right));
      }),
    );
  });
});

it("computes the mean over items, the mean over classes, and the median", () => {
  const hits = hitsWithin([0, 4, 5, 0, 9], 5);
  expect([...hits]).toEqual([1, 1, 0, 1, 0]);
  expect(mean(hits)).toBe(0.6);
  expect(meanPerClass(hits, [7, 7, 2, 2, 2])).toBeCloseTo((1 + 1 / 3) / 2, 12);
  expect(median([5, 1, 9])).toBe(5);
  expect(median([5, 1, 9, 2])).toBe(3.5);
  expect(mean([])).toBeNaN();
});
