/** What can be known of the stages of a recipe before anything is trained. This file also loads in browsers. */
import { suggestion } from "../base/suggestion.js";
import { type Recipe, RecipeError, type StageRecipe } from "../configs/recipe.js";
import { batchKinds } from "../data/batch/mixture.js";
import { pretrainingParameters } from "../model/flava.js";
import { lossesOfKind } from "../objective/objectives.js";
import { requireParts } from "../optim/rules.js";
import type { SizedRecipe } from "./sized-recipe.js";
import { drawnShares } from "./stage-batches.js";
import { requireMeasure } from "./stages/best-measure.js";
import { type ExtraLoss, lossesOfBatch } from "./stages/extra-loss.js";
import { noCodebook, predictsVisualTokens } from "./stages/pretraining-steps.js";

/**
 * @param only stages that are asked for; default: all
 * @param extra losses besides FLAVA's; default: none
 * @throws Error if one of them is not in the recipe, or cannot be trained whatever earlier stages give: without data or losses of
 *   a kind that it draws, with parts of weights that do not exist, without a codebook that was trained, or with a best model by
 *   what is not measured
 */
export function requireStages(
  recipe: Pick<SizedRecipe, "stages" | "data" | "config" | "start">,
  only: readonly string[] = recipe.stages.map(({ name }) => name),
  extra: readonly ExtraLoss[] = [],
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
    requireMeasure(stage, recipe.data);
    if (stage.kind === "codebook") continue;
    requireLosses(stage, extra);
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

/** Refuses steps that would change nothing. */
function requireLosses(
  { name, shares, losses }: PretrainingStage,
  extra: readonly ExtraLoss[],
): void {
  for (const kind of batchKinds) {
    const own = lossesOfKind[kind];
    if (shares[kind] === 0 || lossesOfBatch(extra, kind).length > 0) continue;
    if (own.some((loss) => losses[loss] !== 0)) continue;
    const settings = own.map((loss) => `stages.${name}.losses.${loss}`).join(", ");
    throw new RecipeError(
      `Stage "${name}" draws ${kind}s, but learns nothing from them: ${settings} ${own.length === 1 ? "is" : "are"} 0. Set ` +
        `stages.${name}.shares.${kind} to 0, too, or give a weight.`,
    );
  }
}

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

/** Whether a stage has the codebook of an earlier one. */
export const takesCodebook = ({ from }: PretrainingStage): boolean =>
  from.some(({ parts }) => parts.some(isOfCodebook));

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
