import { expect, it } from "vitest";
import { lossLines } from "./loss-table.js";

const entry = { step: 9, seconds: 1 };
const log = [
  { ...entry, kind: "training" as const, scalars: { contrastive: 3.333, mlm: 6.1, usage: 1 } },
  {
    ...entry,
    kind: "evaluation" as const,
    scalars: { contrastive: 4.928, mlm: 6.5, "mlm accuracy": 0.21 },
  },
];
const stage = {
  name: "joint",
  losses: { contrastive: 4.564, mlm: 7.18, usage: null },
  accuracies: { "mlm accuracy": 0.05 },
  log,
};

it("compares losses on validation data with their baselines", () => {
  const [head, contrastive, mlm, note, verdict] = lossLines(stage);
  expect(head).toMatch(/^loss +training +validation +baseline +accuracy +baseline$/);
  expect(contrastive).toMatch(/^contrastive +which text .* +3\.333 +4\.928 +4\.564$/);
  expect(mlm).toMatch(/^mlm +hidden words +6\.100 +6\.500 +7\.180 +21\.0 % +5\.0 %$/);
  expect(note).toContain("A baseline is");
  expect(verdict).toBe("On validation data, below their baselines: mlm; not below: contrastive.");
});

it("claims nothing without validation data or baselines", () => {
  expect(lossLines({ ...stage, log: log.slice(0, 1) }).join("\n")).not.toContain("below");
  expect(lossLines({ ...stage, losses: { usage: null } })).toEqual([]);
});
