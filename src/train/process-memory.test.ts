import { expect, it } from "vitest";
import { shapesRecipe } from "../../test/shapes.js";
import { checkRecipe } from "../configs/recipe.js";
import { referenceBackend } from "../backend/reference.js";
import { describeProcessMemory, processMemory } from "./process-memory.js";

it("memory is planned for each process and each ZeRO stage", async () => {
  const { stages, ...recipe } = shapesRecipe("no-data");
  const layers = { layers: 1 };
  const model = {
    from: "base",
    image: layers,
    text: { ...layers, vocabulary: 32 },
    multimodal: layers,
  };
  const joint = checkRecipe(
    { ...recipe, model, stages: [{ ...stages[1]!, from: [] }] },
    "one layer of base",
  );
  const backend = referenceBackend();
  const [alone] = await processMemory(joint, 1, backend);
  const [plain, divided, gathered] = await processMemory(joint, 4, backend);
  expect(alone).toMatchObject({ zero: 0, exchange: 0, gradientSums: 0 });
  expect(plain).toMatchObject({ zero: 0, weights: alone!.weights, moments: alone!.moments });
  expect(plain!.step).toBeLessThan(alone!.step); // a quarter of the batch
  expect(plain!.exchange).toBe(2 ** 26); // of a gigabyte, as much as is received at a time
  expect(divided!.moments / plain!.moments).toBeCloseTo(1 / 4, 2);
  const { weights, moments, gradientSums, step, exchange, total } = divided!;
  expect(total).toBe(weights + moments + gradientSums + step + exchange);
  expect(gathered!.moments / divided!.moments).toBeCloseTo(1, 2);
  const trained = plain!.moments / 2;
  expect(gathered!.weights / (plain!.weights - (3 / 4) * trained)).toBeCloseTo(1, 2);
  expect(gathered!.step).toBeLessThan(divided!.step);
  expect(describeProcessMemory([plain!, divided!, gathered!])).toMatch(
    /stage "joint" +ZeRO 0 +ZeRO 1 +ZeRO 3\n/,
  );
});
