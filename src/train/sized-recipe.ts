import { CheckpointError } from "../checkpoint/files/stored-tensor.js";
import { openCheckpoint } from "../checkpoint/open.js";
import { modelConfig } from "../configs/recipe-model.js";
import { type Recipe, RecipeError } from "../configs/recipe.js";
import type { FlavaConfig } from "../model/config.js";

/** A recipe with the sizes of its model. */
export interface SizedRecipe extends Recipe {
  readonly config: FlavaConfig;
}

/**
 * Adds the sizes of the recipe's model, which are those of the weights to start from if it names none.
 * @throws RecipeError if it names neither; CheckpointError if the weights are no FLAVA model with known sizes
 */
export async function sizedRecipe(recipe: Recipe): Promise<SizedRecipe> {
  const { model, start } = recipe;
  if (model !== undefined) return { ...recipe, config: modelConfig(model) };
  if (start === undefined) throw new RecipeError("The recipe names no model.");
  const checkpoint = await openCheckpoint(start);
  await checkpoint.close();
  if (checkpoint.sizes?.kind === "flava") return { ...recipe, config: checkpoint.sizes.config };
  throw new CheckpointError(
    `${start} does not tell the sizes of a FLAVA model; name them in the recipe (--set model=base).`,
  );
}
