import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { parseJson } from "../data/json.js";
import { suggestion } from "../base/suggestion.js";
import { changeRecipe } from "./change-recipe.js";
import { type Recipe, RecipeError, checkRecipe } from "./recipe.js";
import { recipes } from "./recipes.js";

/**
 * A recipe by name, or from a JSON file, whose paths are relative to the file.
 *
 * @param changes settings to change, such as stages.joint.steps=100; paths in them are relative to the working directory
 * @throws RecipeError if there is none of that name, or it is not valid
 */
export async function readRecipe(name: string, changes: readonly string[] = []): Promise<Recipe> {
  return checkRecipe(await readRecipeInput(name, recipes, changes), name);
}

/** The same for recipes of any kind, not checked yet; `known` are those that have names. */
export async function readRecipeInput(
  name: string,
  known: Readonly<Record<string, unknown>>,
  changes: readonly string[],
): Promise<unknown> {
  const input = known[name] ?? (await fromFile(name, Object.keys(known)));
  return changes.reduce(changeRecipe, input);
}

async function fromFile(path: string, names: readonly string[]): Promise<unknown> {
  const bytes = await readFile(path).catch(() => {
    throw new RecipeError(
      path.endsWith(".json")
        ? `There is no file ${path} that can be read.`
        : `There is no recipe "${path}".${suggestion(path, names)} Name one of ${names.join(", ")}, or a .json file.`,
    );
  });
  try {
    return withPathsFrom(dirname(path), parseJson(bytes));
  } catch (error) {
    throw new RecipeError(
      `${path} ${(error as Error).message}. JSON has no comments, and no comma after the last entry.`,
    );
  }
}

/** The recipe with its paths relative to `directory` made absolute; those of data sets are relative to `data.root`. */
function withPathsFrom(directory: string, input: unknown): unknown {
  if (!isObject(input)) return input;
  const { start, data } = input;
  return {
    ...input,
    ...(typeof start === "string" && { start: resolve(directory, start) }),
    ...(isObject(data) &&
      typeof data.root === "string" && {
        data: { ...data, root: resolve(directory, data.root) },
      }),
  };
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
