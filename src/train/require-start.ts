/** What can be known of the weights that stages start from before anything is trained. */
import { join } from "node:path";
import { exists } from "../base/exists.js";
import { leavesOf } from "../base/tree.js";
import { openCheckpoint } from "../checkpoint/open.js";
import type { PretrainingStageRecipe } from "../configs/recipe.js";
import { pretrainingParameters } from "../model/flava.js";
import type { Parameter } from "../nn/parameter.js";
import { takesCodebook } from "./require-stages.js";
import { fitOf, noWeights, notFinished, otherSettings, roots } from "./run/start.js";
import type { SizedRecipe } from "./sized-recipe.js";
import { noCodebook, predictsVisualTokens } from "./stages/pretraining-steps.js";
import { requireSameVocabulary, vocabularyOf } from "./vocabulary.js";

/**
 * @param only stages that are asked for; default: all
 * @returns settings that the recipe's weights were made with and that differ here: a phrase for each
 * @throws Error if one of them cannot start from the recipe's weights: they do not fit the model or its vocabulary, or have no
 *   codebook where one is needed
 */
export async function requireStart(
  recipe: SizedRecipe,
  only?: readonly string[],
): Promise<readonly string[]> {
  if (recipe.start === undefined) return [];
  return requireWeights(recipe.start, learners(recipe, only), recipe);
}

/**
 * The error that a stage which is asked for starts from one that is neither finished nor made before it, without weights that
 * could stand in for it; undefined if there is no such stage.
 *
 * @param directory of the run
 */
export async function unfinishedStage(
  recipe: SizedRecipe,
  directory: string,
  only?: readonly string[],
): Promise<Error | undefined> {
  if (recipe.start !== undefined) return undefined;
  for (const { name, from } of learners(recipe, only))
    for (const { stage: earlier } of from) {
      const path = join(directory, earlier, "final");
      const isMade = only?.includes(earlier) ?? true;
      if (isMade || (await exists(path)) || (await exists(`${path}.old`))) continue;
      return notFinished(name, { name: earlier, path });
    }
  return undefined;
}

/** The stages that are asked for, but those of a codebook, which starts from nothing. */
const learners = (
  { stages }: SizedRecipe,
  only?: readonly string[],
): readonly PretrainingStageRecipe[] =>
  stages
    .filter(({ name }) => only?.includes(name) ?? true)
    .filter((stage) => stage.kind === "pretraining");

/** Refuses weights that one of the stages cannot use, unless an earlier stage gives all of its weights. */
async function requireWeights(
  path: string,
  stages: readonly PretrainingStageRecipe[],
  recipe: SizedRecipe,
): Promise<readonly string[]> {
  const users = stages.filter(
    ({ from }) => !from.some(({ parts }) => roots.every((part) => parts.includes(part))),
  );
  if (users.length === 0) return [];
  const { config } = recipe;
  const vocabulary = await vocabularyOf(recipe);
  await requireSameVocabulary([{ name: "--start", path }], vocabulary, config);
  const checkpoint = await openCheckpoint(path, { heads: config.image.heads });
  await checkpoint.close();
  const fit = fitOf(checkpoint, new Map(leavesOf<Parameter>(pretrainingParameters(config))));
  if (Object.values(fit).every(({ loaded }) => loaded === 0)) throw noWeights(path);
  const lacking = users.find((stage) => predictsVisualTokens(stage) && !takesCodebook(stage));
  if (lacking && fit.codebook.loaded === 0) throw noCodebook(lacking.name);
  return fit.flava.loaded > 0 ? otherSettings(checkpoint, config) : [];
}
