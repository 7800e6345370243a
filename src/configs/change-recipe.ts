/** Changes to single settings of a recipe, as in stages.joint.steps=100. */
import { suggestion } from "../base/suggestion.js";
import { stageNames } from "./recipe-fault.js";
import { RecipeError } from "./recipe.js";

/**
 * Applies a change "a.b=value" to `input`; stages are addressed by name. A value that is not JSON is taken as a string.
 * The result is not checked: use `checkRecipe`.
 * @throws RecipeError if there is no such stage or setting
 */
export function changeRecipe(input: unknown, change: string): void {
  const [path = "", ...rest] = change.split("=");
  const keys = path.split(".");
  if (rest.length === 0 || keys.includes("")) {
    throw new RecipeError(
      `Cannot change "${change}": expected a path and a value, such as stages.joint.steps=100.`,
    );
  }
  const last = keys.pop()!;
  let place = input;
  for (const [depth, key] of keys.entries()) {
    const isStage = depth === 1 && keys[0] === "stages";
    place = branch(place, isStage ? stageIndex(input, key) : key, change);
  }
  if (!isBranch(place)) throw noPlace(change);
  place[last] = parse(rest.join("="));
}

function branch(place: unknown, key: string | number, change: string): unknown {
  if (!isBranch(place)) throw noPlace(change);
  return (place[key] ??= {});
}

function stageIndex(input: unknown, name: string): number {
  const names = stageNames(input);
  const index = names.indexOf(name);
  if (index >= 0) return index;
  const known = names.filter((each) => each !== undefined);
  throw new RecipeError(
    `The recipe has no stage "${name}".${suggestion(name, known)} Its stages: ${known.join(", ")}.`,
  );
}

const isBranch = (value: unknown): value is Record<string | number, unknown> =>
  typeof value === "object" && value !== null;

const noPlace = (change: string): RecipeError =>
  new RecipeError(`Cannot change "${change}": the recipe has no such setting.`);

function parse(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
