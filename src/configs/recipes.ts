/** The recipes by name. */
import { mini } from "./mini.js";
import type { RecipeInput } from "./recipe.js";

export const recipes: Readonly<Record<string, RecipeInput>> = { mini };
