/**
 * Training: recipes and runs, and the single optimizer step that they are made of.
 *
 * @example
 * import { openBackend } from "flava/engine";
 * import { pretrain, readRecipe } from "flava/train";
 *
 * const backend = openBackend();
 * const recipe = await readRecipe("mini"); // or a .json file
 * await pretrain({ recipe, directory: "runs/mini", backend, workers: 1, log: console.log });
 * backend.dispose();
 */
export { type Recipe, RecipeError, type RecipeInput, checkRecipe } from "./configs/recipe.js";
export { type Ablation, ablationRecipe, ablations } from "./configs/ablations/ablations.js";
export { readRecipe } from "./configs/read-recipe.js";
export { recipeJsonSchema } from "./configs/recipe-document.js";
export { recipes } from "./configs/recipes.js";
export { pretrainingParameters } from "./model/flava.js";
export type { PretrainingModel } from "./objective/model.js";
export {
  type LossName,
  type LossWeights,
  lossNames,
  lossesOf,
  totalLoss,
} from "./objective/objectives.js";
export {
  type FinetuningRecipe,
  type FinetuningRecipeInput,
  checkFinetuningRecipe,
} from "./configs/finetuning-recipe.js";
export { finetuningRecipes } from "./configs/finetuning-recipes.js";
export { type FinetuneOptions, type FinetuneResult, finetune } from "./train/finetune.js";
export type { SeedResult } from "./train/seed-results.js";
export type { Ending, StepsMade } from "./train/loop.js";
export { type OptimizerStepOptions, optimizerStep } from "./train/optimizer-step.js";
export { type DryRunOptions, dryRun } from "./train/dry-run.js";
export { type PretrainOptions, pretrain } from "./train/pretrain.js";
export { ChangedRunError } from "./train/run/provenance.js";
export type { LogEntry } from "./train/run/log.js";
export type { ExtraInputs, ExtraLoss, TracedBatch } from "./train/stages/extra-loss.js";
export {
  boundLogitScale,
  pretrainingLoss,
  pretrainingRules,
} from "./train/stages/pretraining-loss.js";
export type { CompiledStep, StepResults } from "./train/step/compiled-step.js";
export type { Loss } from "./train/step/loss.js";
export type { Division } from "./optim/division.js";
export { type ZeroStage, divisionOf } from "./optim/zero.js";
export { type OptimizerState, optimizerState } from "./train/step/update.js";
