import { expect, it } from "vitest";
import { mini } from "../configs/mini.js";
import { type Recipe, checkRecipe } from "../configs/recipe.js";
import { cappedBatches, contrastiveFloor, overfitTask, overfitVerdict } from "./overfit.js";

const batch = (size: number): { pair: number; image: number; text: number } => ({
  pair: size,
  image: size,
  text: size,
});

function mixture(size: number, ...sets: readonly number[]) {
  const pair = sets.map((samples, index) => ({ name: String(index), samples }));
  return {
    ...{ seed: 0, temperature: 1, mismatched: 0, batch: batch(size) },
    shares: { pair: 1, image: 0, text: 0 },
    sets: { pair, image: [], text: [] },
  };
}

it("caps batches, so that one has no sample twice", () => {
  const recipe = checkRecipe(mini, "mini");
  const batches = ({ stages }: Recipe): unknown[] => stages.map((stage) => stage.batch);
  expect(batches(cappedBatches(recipe, 16)).slice(-2)).toEqual([batch(16), batch(16)]);
  expect(batches(cappedBatches(recipe, 1000))).toEqual(batches(recipe));
  const split = recipe.stages.map((stage) => ({ ...stage, microBatches: 4 }));
  const { stages } = cappedBatches({ ...recipe, stages: split }, 15);
  expect(stages.at(-1)).toMatchObject({ batch: batch(12) });
});

it("knows how far the contrastive loss can fall", () => {
  expect(contrastiveFloor(mixture(16, 16))).toBe(0);
  expect(contrastiveFloor(mixture(64, 16))).toBeCloseTo(Math.log(4), 9);
  expect(overfitTask(16, mixture(64, 16))).toMatch(/^Memorizing 16 .* can fall to 1\.386\.$/);
  const ofTwoSets = contrastiveFloor(mixture(16, 16, 16)); // a set may be drawn beyond its end
  expect(ofTwoSets).toBeGreaterThan(0);
  expect(ofTwoSets).toBeLessThan(0.2);
});

it("ends with a verdict on every loss", () => {
  const losses = { contrastive: 2.773, mlm: 10.326, usage: null };
  const entry = { step: 9, seconds: 1, kind: "training" } as const;
  const log = [
    { ...entry, scalars: { contrastive: 0.3, usage: 1 } },
    { ...entry, scalars: { mlm: 5 } },
  ];
  const verdict = overfitVerdict({ name: "joint", losses }, log, () => 0.1);
  expect(verdict).toEqual([
    "loss            baseline     floor   reached",
    "contrastive        2.773     0.100     0.300  memorized",
    "mlm               10.326     0.100     5.000  not memorized",
    expect.stringMatching(/^Not memorized: mlm\. .*stages\.joint\.steps=/),
  ]);
  const memorized = overfitVerdict(
    { name: "joint", losses: { contrastive: 2.773 } },
    log,
    () => 0.1,
  );
  expect(memorized.at(-1)).toMatch(/^All losses are memorized/);
});
