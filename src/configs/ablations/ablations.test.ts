import { expect, it } from "vitest";
import { checkRecipe } from "../recipe.js";
import { ablationRecipe, ablations } from "./ablations.js";

it("has a stage for each model, in any length", () => {
  for (const steps of [2, 6000]) {
    const { stages } = checkRecipe(ablationRecipe(steps), "ablation");
    const names = stages.map(({ name }) => name);
    expect(names.slice(1).sort()).toEqual(ablations.map(({ stage }) => stage).sort());
  }
});
