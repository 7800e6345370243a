import { expect, it } from "vitest";
import { continuing } from "../configs/continue.js";
import { checkRecipe } from "../configs/recipe.js";
import { recipes } from "../configs/recipes.js";
import { describeUnread } from "./stage-data.js";

it("says which lists of data sets no stage reads, of recipes of one's own alone", () => {
  const data = { ...continuing.data, images: ["photos"], texts: ["notes.txt"] };
  expect(describeUnread(checkRecipe({ ...continuing, data }, "mine"))).toEqual([
    "data.images is not read: no stage has shares.image above 0.",
    "data.texts is not read: no stage has shares.text above 0.",
  ]);
  for (const [name, recipe] of Object.entries(recipes))
    expect(describeUnread(checkRecipe(recipe, name))).toEqual([]);
});
