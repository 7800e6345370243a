/** Changes to single settings of a recipe, as in stages.joint.steps=100. */
import { DuplicateKeyError, parseJson } from "../data/json.js";
import { suggestion } from "../base/suggestion.js";
import { stageNames } from "./recipe-fault.js";
import { RecipeError } from "./recipe.js";

/**
 * A copy of `input` with a change "a.b=value"; stages are addressed by name. A value that is not JSON is taken as a string.
 * Nothing else changes, even if stages share an object, such as the sizes of their batches.
 * The result is not checked: use `checkRecipe`.
 * @throws RecipeError if there is no such stage or setting
 */
export function changeRecipe(input: unknown, change: string): unknown {
  const [path = "", ...rest] = change.split("=");
  const keys = path.split(".");
  if (rest.length === 0 || keys.includes("")) {
    throw new RecipeError(
      `Cannot change "${change}": expected a path and a value, such as stages.joint.steps=100.`,
    );
  }
  const [first, name, ...others] = keys;
  const isInStage = first === "stages" && name !== undefined;
  const places = isInStage ? [first, stageIndex(input, name), ...others] : keys;
  return withValue(input, places, parse(rest.join("="), change), change);
}

/** A copy of `place` with a value at the end of a path of keys. */
function withValue(
  place: unknown,
  [key, ...others]: readonly (string | number)[],
  value: unknown,
  change: string,
): unknown {
  if (key === undefined) return value;
  if (!isBranch(place)) throw noPlace(change);
  const inner = place[key] ?? (others.length > 0 ? {} : undefined);
  const changed = withValue(inner, others, value, change);
  if (!Array.isArray(place)) return { ...place, [key]: changed };
  return Object.assign([...(place as unknown[])], { [key]: changed });
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

function parse(value: string, change: string): unknown {
  try {
    return parseJson(value);
  } catch (error) {
    const isTwice = error instanceof DuplicateKeyError;
    if (!isTwice && !/^(\[.*\]|\{.*\})$/s.test(value)) return value;
    const reason = `Cannot change "${change}": its value ${(error as Error).message}.`;
    // A shell has usually removed the quotes.
    const hint = ` Put the whole into single quotes: 'data.pairs=["pairs/train"]'`;
    throw new RecipeError(isTwice ? reason : reason + hint);
  }
}
