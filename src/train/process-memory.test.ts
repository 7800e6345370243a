import { expect, it } from "vitest";
import { shapesRecipe } from "../../test/shapes.js";
import { referenceBackend } from "../backend/reference.js";
import { describeProcessMemory, processMemory } from "./process-memory.js";

it("memory is planned for each process, with and without division of the moments", async () => {
  const { stages, ...recipe } = shapesRecipe("no-data");
  const joint = { ...recipe, stages: [{ ...stages[1]!, from: [] }] } as typeof recipe & {
    stages: typeof stages;
  };
  const backend = referenceBackend();
  const [alone] = await processMemory(joint, 1, backend);
  const [plain, divided] = await processMemory(joint, 4, backend);
  expect(alone).toMatchObject({ zero: 0, exchange: 0, gradientSums: 0 });
  expect(plain).toMatchObject({ zero: 0, weights: alone!.weights, moments: alone!.moments });
  expect(plain!.step).toBeLessThan(alone!.step); // a quarter of the batch
  expect(plain!.exchange).toBeCloseTo((3 / 4) * (plain!.moments / 2));
  expect(divided!.moments / plain!.moments).toBeCloseTo(1 / 4, 3);
  const { weights, moments, gradientSums, step, exchange, total } = divided!;
  expect(total).toBe(weights + moments + gradientSums + step + exchange);
  expect(describeProcessMemory([plain!, divided!])).toMatch(/stage "joint" +ZeRO 0 +ZeRO 1\n/);
});
