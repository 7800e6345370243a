import { suggestion } from "../base/suggestion.js";
import { type Recipe, RecipeError } from "../configs/recipe.js";
import { batchKinds } from "../data/batch/mixture.js";
import { drawnShares } from "./stage-batches.js";

/**
 * @param only stages that are asked for; default: all
 * @throws Error if one of them is not in the recipe, or draws a kind of data of which the recipe names no set
 */
export function requireStages(
  { stages, data }: Pick<Recipe, "stages" | "data">,
  only: readonly string[] = stages.map(({ name }) => name),
): void {
  const names = stages.map(({ name }) => name);
  const unknown = only.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new Error(
      `The recipe has no stage "${unknown}".${suggestion(unknown, names)} Its stages: ${names.join(", ")}.`,
    );
  }
  for (const stage of stages.filter(({ name }) => only.includes(name))) {
    for (const kind of batchKinds) {
      if (drawnShares(stage).shares[kind] === 0 || data[`${kind}s`].length > 0) continue;
      const or =
        stage.kind === "codebook" ? "" : `, or set stages.${stage.name}.shares.${kind} to 0`;
      throw new RecipeError(
        `Stage "${stage.name}" draws ${kind}s, but data.${kind}s is empty. Name a data set there${or}.`,
      );
    }
  }
}
