import { expect, it } from "vitest";
import { bestMeasure, isBetter } from "./best-measure.js";

const stage = { name: "toy", measures: ["accuracy", "loss"], losses: ["loss"] };

it("of models with equal accuracy the one with the lower loss is better", () => {
  const measure = bestMeasure(stage, undefined)!;
  const best = { accuracy: 0.5, loss: 0.7 };
  expect(isBetter({ accuracy: 0.5, loss: 0.6 }, best, measure)).toBe(true);
  expect(isBetter({ accuracy: 0.5, loss: 0.7 }, best, measure)).toBe(false);
  expect(isBetter({ accuracy: 0.4, loss: 0.1 }, best, measure)).toBe(false);
  expect(isBetter({ accuracy: 0.6, loss: 0.9 }, best, measure)).toBe(true);
  const byLoss = bestMeasure(stage, "loss")!;
  expect(isBetter({ accuracy: 0.9, loss: 0.7 }, best, byLoss)).toBe(false);
});
