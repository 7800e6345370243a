import { describe, expect, it } from "vitest";
import { resolveRecipe } from "../train/resolved-recipe.js";
import { checkFinetuningRecipe } from "./finetuning-recipe.js";
import { finetuningRecipes } from "./finetuning-recipes.js";

describe("recipes of fine-tuning", () => {
  it.each(Object.entries(finetuningRecipes))("%s is valid", (name, recipe) => {
    expect(checkFinetuningRecipe(recipe, name).name).toBe(name);
  });

  it("have the paper's numbers for the paper's data", () => {
    const recipe = checkFinetuningRecipe(finetuningRecipes["sst-2"], "sst-2");
    const { steps, rate } = resolveRecipe(recipe, { samples: 67_349, width: 768 });
    expect(steps).toBe(20_935);
    expect(rate).toMatchObject({ peak: 1e-5, warmup: 1256, decay: "linear" });
  });

  it("keep the share of the warm-up on small data, and fit the rate to the width", () => {
    const recipe = checkFinetuningRecipe(finetuningRecipes.qqp, "qqp");
    const { steps, rate, every } = resolveRecipe(recipe, { samples: 320, width: 384 });
    expect(steps).toBe(100);
    expect(rate).toMatchObject({ peak: 4e-5, warmup: 25 });
    expect(every.evaluate).toBe(10);
  });

  it.each([
    [{ batch: 6, microBatches: 4 }, /cannot be split into 4 equal parts/],
    [{ batch: 4, steps: undefined }, /a number of steps, or of epochs/],
    [{ batch: 4, lengths: [32, 16] }, /ascending lengths/],
    [{ batch: 4, rates: {} }, /Did you mean "rate"/],
  ])("refuse %j", (changes, message) => {
    const input = { name: "x", encoder: "text", steps: 5, rate: { peak: 1 }, ...changes };
    expect(() => checkFinetuningRecipe(input, "x")).toThrow(message);
  });
});
