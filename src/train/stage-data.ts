/** The data of one stage: its directories of shards, and how their samples become batches. */
import { models } from "../configs/models.js";
import type { PretrainingStageRecipe, Recipe, StageRecipe } from "../configs/recipe.js";
import type { ShardDirectories } from "../data/batch/batch-reader.js";
import type { Batch } from "../data/batch/batch.js";
import { batchSpecs } from "../data/batch/batch-specs.js";
import { type BatchOptions, largestSizes } from "../data/batch/collate.js";
import {
  type BatchKind,
  type MixtureOptions,
  type SetSize,
  batchKinds,
  forKind,
} from "../data/batch/mixture.js";
import { sizesOfSets } from "../data/batch/sample-set.js";
import { fittedProcessor } from "../data/image/fitted-processor.js";
import type { TensorSpec } from "../graph/tensor.js";
import { directoriesOf } from "./run/directories.js";

export function batchOptions({ model, data }: Recipe, stage: StageRecipe): BatchOptions {
  const { views, captions, passages, firstCaptionProbability } = data;
  return {
    processor: fittedProcessor(models[model]),
    views,
    captions,
    firstCaptionProbability,
    texts: passages,
    hides: stage.kind === "codebook" || stage.masked,
  };
}

/** How often batches of each kind are drawn, and their sizes. */
function sharesOf(stage: StageRecipe): Pick<MixtureOptions, "batch" | "shares" | "mismatched"> {
  if (stage.kind === "pretraining") return stage;
  return {
    batch: forKind("image", stage.batch, 0),
    shares: forKind("image", 1, 0),
    mismatched: 0,
  };
}

/** The training sets of a stage, only of the kinds that it draws. */
export interface TrainingSets {
  readonly directories: ShardDirectories;
  /** Names and sizes of the sets in `directories`. */
  readonly sizes: Readonly<Record<BatchKind, readonly SetSize[]>>;
}

export async function trainingSets(
  { root, pairs, images, texts }: Recipe["data"],
  stage: StageRecipe,
): Promise<TrainingSets> {
  const directories = await drawnDirectories(root, stage, {
    pair: pairs,
    image: images,
    text: texts,
  });
  const { pair, image, text } = directories;
  const sizes = {
    pair: await sizesOfSets(root, pair),
    image: await sizesOfSets(root, image),
    text: await sizesOfSets(root, text),
  };
  return { directories, sizes };
}

/** Number of samples by set name; a set may serve several kinds of batches. */
export function samplesOf({ sizes }: TrainingSets): Record<string, number> {
  const sets = batchKinds.flatMap((kind) => sizes[kind]);
  return Object.fromEntries(sets.map(({ name, samples }) => [name, samples]));
}

/** The directories that a stage is evaluated on. Images come from pairs. */
export async function validationDirectories(
  { root, validation }: Recipe["data"],
  stage: StageRecipe,
): Promise<ShardDirectories> {
  const { pairs, texts } = validation;
  return drawnDirectories(root, stage, { pair: pairs, image: pairs, text: texts });
}

/** The directories that match the patterns of the kinds that a stage draws. */
async function drawnDirectories(
  root: string,
  stage: StageRecipe,
  patterns: Readonly<Record<BatchKind, readonly string[]>>,
): Promise<ShardDirectories> {
  const { shares } = sharesOf(stage);
  const of = (kind: BatchKind): Promise<string[]> =>
    shares[kind] > 0 ? directoriesOf(root, patterns[kind]) : Promise.resolve([]);
  return { pair: await of("pair"), image: await of("image"), text: await of("text") };
}

/**
 * How batches are drawn.
 *
 * @param overfit draw from only this many samples of each set
 */
export function mixtureOptions(
  { seed, data }: Recipe,
  stage: StageRecipe,
  { sizes }: TrainingSets,
  overfit = Infinity,
): MixtureOptions {
  const of = (kind: BatchKind): SetSize[] =>
    sizes[kind].map(({ name, samples }) => ({ name, samples: Math.min(samples, overfit) }));
  const sets = { pair: of("pair"), image: of("image"), text: of("text") };
  const { batch, shares, mismatched } = sharesOf(stage);
  return { seed, temperature: data.temperature, batch, shares, mismatched, sets };
}

/** The largest batch of each kind that a stage draws. */
export function largestBatches(recipe: Recipe, stage: PretrainingStageRecipe): Batch<TensorSpec>[] {
  const { shares, batch } = stage;
  const kinds = batchKinds.filter((kind) => shares[kind] > 0);
  const options = batchOptions(recipe, stage);
  return kinds.map((kind) => batchSpecs(largestSizes(kind, batch[kind], options)));
}
