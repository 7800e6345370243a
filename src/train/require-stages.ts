/** What can be known of the stages of a recipe before anything is trained. This file also loads in browsers. */
import { suggestion } from "../base/suggestion.js";
import { type Recipe, RecipeError, type StageRecipe } from "../configs/recipe.js";
import { batchKinds } from "../data/batch/mixture.js";
import { pretrainingParameters } from "../model/flava.js";
import { requireParts } from "../optim/rules.js";
import type { SizedRecipe } from "./sized-recipe.js";
import { drawnShares } from "./stage-batches.js";
import { noCodebook, predictsVisualTokens } from "./stages/pretraining-steps.js";

/**
 * @param only stages that are asked for; default: all
 * @throws Error if one of them is not in the recipe, or cannot be trained whatever earlier stages give: without data of a kind
 *   that it draws, with parts of weights that do not exist, or without a codebook that was trained
 */
export function requireStages(
  recipe: Pick<SizedRecipe, "stages" | "data" | "config" | "start">,
  only: readonly string[] = recipe.stages.map(({ name }) => name),
): void {
  const { stages } = recipe;
  const names = stages.map(({ name }) => name);
  const unknown = only.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new Error(
      `The recipe has no stage "${unknown}".${suggestion(unknown, names)} Its stages: ${names.join(", ")}.`,
    );
  }
  for (const stage of stages.filter(({ name }) => only.includes(name))) {
    requireData(stage, recipe.data);
    if (stage.kind === "codebook") continue;
    requireWeights(stage, recipe);
    if (predictsVisualTokens(stage) && !hasTrainedCodebook(stage, recipe))
      throw noCodebook(stage.name);
  }
}

function requireData(stage: StageRecipe, data: Recipe["data"]): void {
  const { shares } = drawnShares(stage);
  for (const kind of batchKinds) {
    if (shares[kind] === 0 || data[`${kind}s`].length > 0) continue;
    const or = stage.kind === "codebook" ? "" : `, or set stages.${stage.name}.shares.${kind} to 0`;
    throw new RecipeError(
      `Stage "${stage.name}" draws ${kind}s, but data.${kind}s is empty. Name a data set there${or}.`,
    );
  }
}

type PretrainingStage = Exclude<StageRecipe, { readonly kind: "codebook" }>;

/** Refuses parts that no model has, or not the stage that they are taken from. */
function requireWeights(
  { name, from, frozen }: PretrainingStage,
  { stages, config }: Pick<SizedRecipe, "stages" | "config">,
): void {
  const parameters = pretrainingParameters(config);
  requireParts(parameters, frozen, `Stage "${name}" freezes`);
  for (const { stage: source, parts } of from) {
    requireParts(parameters, parts, `Stage "${name}" takes from stage "${source}" the part`);
    const other = parts.find((part) => !isOfCodebook(part));
    if (
      other === undefined ||
      !stages.some((stage) => stage.name === source && stage.kind === "codebook")
    )
      continue;
    throw new RecipeError(
      `Stage "${name}" takes "${other}" from stage "${source}", which trains the codebook alone.`,
    );
  }
}

const isOfCodebook = (part: string): boolean => `${part}/`.startsWith("codebook/");

/** Whether a stage's codebook is that of a stage that trains it, or of weights to start from: every stage writes one. */
export function hasTrainedCodebook(
  stage: StageRecipe,
  { stages, start }: Pick<SizedRecipe, "stages" | "start">,
): boolean {
  if (stage.kind === "codebook") return true;
  const last = stage.from.findLast(({ parts }) => parts.some(isOfCodebook)); // replaces the others
  if (!last) return start !== undefined;
  const source = stages.find(({ name }) => name === last.stage);
  return (
    last.parts.includes("codebook") && !!source && hasTrainedCodebook(source, { stages, start })
  );
}
