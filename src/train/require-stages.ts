import { suggestion } from "../base/suggestion.js";
import type { Recipe } from "../configs/recipe.js";

/** @throws Error if a stage that is asked for is not in the recipe */
export function requireStages(
  { stages }: Pick<Recipe, "stages">,
  only: readonly string[] = [],
): void {
  const names = stages.map(({ name }) => name);
  const unknown = only.find((name) => !names.includes(name));
  if (unknown === undefined) return;
  throw new Error(
    `The recipe has no stage "${unknown}".${suggestion(unknown, names)} Its stages: ${names.join(", ")}.`,
  );
}
