/**
 * Training: recipes and runs, and the single optimizer step that they are made of.
 *
 * @module flava/train
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
export { type FlavaForPretraining, pretrainingParameters } from "./model/flava.js";
export type { TracedModel } from "./model/traced-model.js";
export type { GatherMode, PretrainingModel } from "./objective/model.js";
export {
  type LossName,
  type LossWeights,
  type Objectives,
  lossNames,
  lossesOf,
  totalLoss,
} from "./objective/objectives.js";
export type { Objective } from "./objective/masked.js";
export type { MaskedImageObjective } from "./objective/masked-image.js";
export type { ContrastiveObjective } from "./objective/pair.js";
export {
  type FinetuningRecipe,
  type FinetuningRecipeInput,
  checkFinetuningRecipe,
} from "./configs/finetuning-recipe.js";
export { type FinetuningRecipeName, finetuningRecipes } from "./configs/finetuning-recipes.js";
export { type FinetuneDryRunOptions, finetuneDryRun } from "./train/finetune-dry-run.js";
export type { FinetuneOptions } from "./train/finetune-session.js";
export { type FinetuneResult, finetune } from "./train/finetune.js";
export type { SeedResult } from "./train/seed-results.js";
export type { Ending, StepsMade } from "./train/loop.js";
export { type OptimizerStepOptions, optimizerStep } from "./train/optimizer-step.js";
export { type DryRunOptions, dryRun } from "./train/dry-run.js";
export { type PretrainOptions, pretrain } from "./train/pretrain.js";
export { type Difference, ChangedRunError } from "./train/run/provenance.js";
export type { LogEntry } from "./train/run/log.js";
export type {
  ExtraInputs,
  ExtraLoss,
  InputsByLoss,
  PretrainingInputs,
  TracedBatch,
} from "./train/stages/extra-loss.js";
export {
  type PretrainingLossOptions,
  boundLogitScale,
  pretrainingLoss,
  pretrainingRules,
} from "./train/stages/pretraining-loss.js";
export type { Log, Scalars } from "./train/stages/stage.js";
export type { CompiledStep, StepResults } from "./train/step/compiled-step.js";
export type {
  Comparison,
  Counts,
  Embedded,
  InputValues,
  Loss,
  LossOfParts,
  Traced,
  TracedLoss,
  TracedPart,
} from "./train/step/loss.js";
export type { Division } from "./optim/division.js";
export { type ZeroStage, divisionOf } from "./optim/zero.js";
export type { AdamWOptions, Moments } from "./optim/adamw.js";
export type { ParameterRules } from "./optim/rules.js";
export {
  type OptimizerState,
  type OptimizerStateOptions,
  type UpdateOptions,
  optimizerState,
} from "./train/step/update.js";
export type { PartCounts, SumDtype } from "./train/step/tree-sum.js";
export type { Backend } from "./backend/backend.js";
export type { ProgramMemory } from "./backend/program.js";
export type { State } from "./backend/state.js";
export type { Values } from "./backend/values.js";
export type { Mapped, Partly, TreeOf } from "./base/tree.js";
export type { Batch, BatchTensors } from "./data/batch/batch.js";
export type { CollatedBatch } from "./data/batch/collate.js";
export type { SampleColumns } from "./data/labeled/labeled-row.js";
export type { LabeledSample } from "./data/labeled-sample.js";
export type { Range } from "./graph/ops/block-ranges.js";
export type { Tensor, TensorSpec } from "./graph/tensor.js";
export type { World } from "./graph/world.js";
