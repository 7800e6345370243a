/** The recipes by name. */
import { base } from "./base.js";
import { continuing } from "./continue.js";
import { mini } from "./mini.js";
import { quickstart } from "./quickstart.js";
import type { RecipeInput } from "./recipe.js";

/**
 * Recipes for `pretrain` by name, as they are written; `readRecipe(name)` fills in the defaults. `base` is the paper's.
 */
export const recipes: Readonly<Record<string, RecipeInput>> = {
  quickstart,
  mini,
  base,
  continue: continuing,
};
