/** Prepares a stage of a recipe for training. */
import { join } from "node:path";
import type { Backend } from "../backend/backend.js";
import { exists } from "../base/exists.js";
import { decoderName } from "../checkpoint/huggingface-model.js";
import type {
  CodebookStageRecipe,
  PretrainingStageRecipe,
  StageRecipe,
} from "../configs/recipe.js";
import type { Vocabulary } from "../data/text/vocabulary.js";
import type { ZeroStage } from "../optim/zero.js";
import { batchOptions, largestBatches } from "./stage-batches.js";
import { type Preparation, validationSets } from "./stage-data.js";
import type { SizedRecipe } from "./sized-recipe.js";
import { type RunDirectory, reconstructionsName } from "./run/run-directory.js";
import { shardsOf } from "./run/shared-run.js";
import type { StartWeights } from "./run/start.js";
import { CodebookStage } from "./stages/codebook.js";
import type { ExtraLoss } from "./stages/extra-loss.js";
import { PretrainingStage } from "./stages/pretraining.js";
import type { RecipeStage } from "./stages/stage.js";

export interface OpenStageOptions {
  readonly backend: Backend;
  readonly recipe: SizedRecipe;
  readonly vocabulary: Vocabulary;
  /** Where the stage writes its files. */
  readonly run: RunDirectory;
  /** The initial weights, used if there is no checkpoint. */
  readonly start: readonly StartWeights[];
  /** Losses besides those of the recipe. */
  readonly extra: readonly ExtraLoss[];
  readonly preparation: Preparation;
  /** What is divided among processes; default: nothing. */
  readonly zero?: ZeroStage | undefined;
}

export async function openStage(
  stage: StageRecipe,
  options: OpenStageOptions,
): Promise<RecipeStage> {
  return stage.kind === "codebook" ? openCodebook(stage, options) : openPretraining(stage, options);
}

/** A moving average of all weights is kept and written, which is small beside the model that is trained later. */
const wholeCodebook =
  "The codebook is small: its moments are divided among processes, its weights are not.";

async function openCodebook(
  stage: CodebookStageRecipe,
  { backend, recipe, vocabulary, run, preparation, zero = 0 }: OpenStageOptions,
): Promise<RecipeStage> {
  const { image } = await validationSets(recipe.data, stage, preparation);
  if (zero === 3) preparation.log(wholeCodebook);
  return new CodebookStage({
    backend,
    recipe,
    vocabulary,
    stage,
    shards: shardsOf(recipe, backend.communicator),
    zero: zero === 3 ? 1 : zero,
    validation: {
      kind: "image",
      sets: image,
      vocabulary,
      batch: batchOptions(recipe, stage),
      size: Math.min(stage.batch, recipe.data.validation.batch),
      count: 2,
      seed: 1,
      log: preparation.log,
    },
    drawing: run.isWriter ? run.file(reconstructionsName) : undefined,
  });
}

async function openPretraining(
  stage: PretrainingStageRecipe,
  { backend, recipe, vocabulary, start, extra, preparation, zero = 0 }: OpenStageOptions,
): Promise<RecipeStage> {
  const { log } = preparation;
  const shards = shardsOf(recipe, backend.communicator);
  return new PretrainingStage({
    backend,
    recipe,
    vocabulary,
    stage,
    start,
    extra,
    log,
    largest: largestBatches(recipe, stage, shards.count),
    shards,
    zero,
    decoder: await decoderFrom(start),
    validation: {
      sets: await validationSets(recipe.data, stage, preparation),
      batch: batchOptions(recipe, stage),
      batchSize: recipe.data.validation.batch,
      trainingPairs: stage.batch.pair,
      precision: recipe.precision,
      losses: stage.losses,
      mismatched: stage.mismatched,
      log,
    },
  });
}

/** The decoder of the codebook taken from an earlier stage, if it has one. */
async function decoderFrom(start: readonly StartWeights[]): Promise<string | undefined> {
  const source = start.find(({ parts }) => parts?.includes("codebook"));
  if (!source) return undefined;
  const path = join(source.path, decoderName);
  return (await exists(path)) ? path : undefined;
}
