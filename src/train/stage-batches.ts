/** How the samples of a stage become batches. This file also loads in browsers. */
import type { PretrainingStageRecipe, Recipe, StageRecipe } from "../configs/recipe.js";
import type { Batch } from "../data/batch/batch.js";
import { batchSpecs } from "../data/batch/batch-specs.js";
import { type BatchOptions, largestSizes } from "../data/batch/collate.js";
import {
  type BatchKind,
  type MixtureOptions,
  type SetSize,
  batchKinds,
  forKind,
  perKind,
} from "../data/batch/mixture.js";
import { fittedProcessor } from "../data/image/fitted-processor.js";
import type { TensorSpec } from "../graph/tensor.js";
import type { SizedRecipe } from "./sized-recipe.js";

export function batchOptions(
  { config, data }: Pick<SizedRecipe, "config" | "data">,
  stage: StageRecipe,
): BatchOptions {
  const { views, captions, passages, firstCaptionProbability } = data;
  return {
    processor: fittedProcessor(config),
    views,
    captions,
    firstCaptionProbability,
    texts: passages,
    hides: stage.kind === "codebook" || stage.masked,
  };
}

/** How often batches of each kind are drawn, and their sizes. */
export function drawnShares(
  stage: StageRecipe,
): Pick<MixtureOptions, "batch" | "shares" | "mismatched" | "candidates"> {
  if (stage.kind === "pretraining") return stage;
  return {
    batch: forKind("image", stage.batch, 0),
    shares: forKind("image", 1, 0),
    mismatched: 0,
  };
}

/**
 * How batches are drawn.
 *
 * @param all sizes of the sets that the stage draws from
 * @param overfit draw from only this many samples of each set
 */
export function mixtureOptions(
  { seed, data }: Pick<Recipe, "seed" | "data">,
  stage: StageRecipe,
  all: Readonly<Record<BatchKind, readonly SetSize[]>>,
  overfit = Infinity,
): MixtureOptions {
  const sets = perKind((kind) =>
    all[kind].map(({ name, samples }) => ({ name, samples: Math.min(samples, overfit) })),
  );
  const { batch, shares, mismatched, candidates = 1 } = drawnShares(stage);
  return { seed, temperature: data.temperature, batch, shares, mismatched, candidates, sets };
}

/** The largest batch of each kind that a stage draws, or one of its `shards`. */
export function largestBatches(
  recipe: SizedRecipe,
  stage: PretrainingStageRecipe,
  shards = 1,
): Batch<TensorSpec>[] {
  const { shares, batch } = stage;
  const kinds = batchKinds.filter((kind) => shares[kind] > 0);
  const options = batchOptions(recipe, stage);
  return kinds.map((kind) => batchSpecs(largestSizes(kind, batch[kind] / shards, options)));
}
