import { describe, expect, it } from "vitest";
import { continuing } from "../configs/continue.js";
import { checkRecipe } from "../configs/recipe.js";
import { requireStages } from "./require-stages.js";

describe("requireStages", () => {
  const [joint] = continuing.stages;
  const codebook = {
    kind: "codebook",
    steps: 1,
    batch: 1,
    rate: { peak: 1 },
    temperature: { from: 1, to: 1, over: 1 },
  };
  const both = {
    ...continuing,
    stages: [joint, { ...joint, name: "texts", shares: { pair: 0, image: 0, text: 1 } }],
  };

  it("refuses a stage that draws a kind of data of which the recipe names no set", () => {
    const recipe = checkRecipe(both, "both");
    expect(() => {
      requireStages(recipe, ["joint"]);
    }).not.toThrow();
    expect(() => {
      requireStages(recipe);
    }).toThrow(
      'Stage "texts" draws texts, but data.texts is empty. Name a data set there, or set stages.texts.shares.text to 0.',
    );
    const ofImages = checkRecipe({ ...continuing, stages: [codebook] }, "codebook");
    expect(() => {
      requireStages(ofImages);
    }).toThrow(/draws images, but data\.images is empty\. Name a data set there\.$/);
  });

  it("refuses a stage that the recipe does not have", () => {
    expect(() => {
      requireStages(checkRecipe(both, "both"), ["join"]);
    }).toThrow('Did you mean "joint"?');
  });
});
