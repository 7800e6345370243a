import { describe, expect, it } from "vitest";
import { changeRecipe } from "./change-recipe.js";
import { quickstart } from "./quickstart.js";
import { type Recipe, RecipeError, checkRecipe } from "./recipe.js";

function changed(...changes: readonly string[]): Recipe {
  return checkRecipe(changes.reduce<unknown>(changeRecipe, quickstart), "changed");
}

describe("changeRecipe", () => {
  it("addresses stages by name, including the codebook's, which is named by default", () => {
    const { stages } = changed("stages.joint.steps=70", "stages.codebook.optimizer.clip=2");
    expect(stages.at(-1)).toMatchObject({ name: "joint", steps: 70 });
    expect(stages[0]).toMatchObject({ name: "codebook", optimizer: { clip: 2 } });
  });

  it("changes neither the recipe nor another stage that shares an object with the changed one", () => {
    const batch = { pair: 8, image: 8, text: 8 };
    const stages = [
      { name: "text", batch },
      { name: "joint", batch },
    ];
    const input = { name: "shared", stages };
    expect(changeRecipe(input, "stages.joint.batch.text=2")).toEqual({
      name: "shared",
      stages: [stages[0], { name: "joint", batch: { pair: 8, image: 8, text: 2 } }],
    });
    expect(batch.text).toBe(8);
  });

  it("accepts JSON or a string, and creates settings that the recipe omits", () => {
    const { precision, data } = changed("precision=float32", "data.views.flip=0.5");
    expect([precision, data.views.flip]).toEqual(["float32", 0.5]);
  });

  it.each([
    ["stages.jiont.steps=7", 'no stage "jiont". Did you mean "joint"? Its stages: codebook'],
    ["stages.3.steps=7", 'no stage "3". Its stages'],
    ["stages.joint.stepps=7", 'stages.joint: Unrecognized key: "stepps". Did you mean "steps"?'],
    ["data.view.flip=1", 'Did you mean "views"?'],
    ["name.first=1", "no such setting"],
    ["stages=7", "stages: Invalid input"],
    ["stages.joint=7", "stages.4: Invalid input"],
    ["data.pairs=[pairs/train]", "its value is not JSON"], // as a shell leaves ["pairs/train"]
    ["stages.joint.steps", "expected a path and a value"],
  ])("refuses %s", (change, message) => {
    expect(() => changed(change)).toThrow(RecipeError);
    expect(() => changed(change)).toThrow(message);
  });
});
