import { expect, it } from "vitest";
import { baselineOf, binaryPrior, priorOf } from "./baseline.js";

it("judges training frequencies on other data", () => {
  const learned = new Map([
    [7, 3],
    [2, 6],
  ]);
  const held = new Map([
    [2, 1],
    [9, 3],
  ]); // 9 was never seen
  const { loss, accuracy } = baselineOf(priorOf(learned, 10, 0.1), held);
  expect(accuracy).toBe(0.25);
  expect(loss).toBeCloseTo(-(Math.log(6.1 / 10) + 3 * Math.log(0.1 / 10)) / 4, 9);
});

it("is the entropy of data judged on themselves", () => {
  const counts = new Map([
    [0, 1],
    [1, 1],
    [5, 2],
  ]);
  const { loss, accuracy } = baselineOf(priorOf(counts, 100, 0), counts);
  expect(loss).toBeCloseTo(1.5 * Math.LN2, 9);
  expect(accuracy).toBe(0.5);
});

it("knows how often texts match", () => {
  const matches = new Map([
    [1, 3],
    [0, 1],
  ]);
  const { loss, accuracy } = baselineOf(binaryPrior(0.8), matches);
  expect(loss).toBeCloseTo(-(3 * Math.log(0.8) + Math.log(0.2)) / 4, 9);
  expect(accuracy).toBe(0.75);
  expect(baselineOf(binaryPrior(1), new Map([[1, 5]]))).toEqual({ loss: 0, accuracy: 1 });
});
