/** The data of one stage: its sets of samples, and how these become batches. */
import type { PretrainingStageRecipe, Recipe, StageRecipe } from "../configs/recipe.js";
import type { DataSetRecipe } from "../configs/data-set.js";
import type { Batch } from "../data/batch/batch.js";
import { batchSpecs } from "../data/batch/batch-specs.js";
import { type BatchOptions, largestSizes } from "../data/batch/collate.js";
import {
  type BatchKind,
  type MixtureOptions,
  batchKinds,
  forKind,
  perKind,
  perKindInOrder,
} from "../data/batch/mixture.js";
import {
  type SampleSet,
  type SampleSets,
  openSampleSet,
  sizesOf,
} from "../data/batch/sample-set.js";
import { NoUsableSampleError } from "../data/batch/skipped.js";
import { fittedProcessor } from "../data/image/fitted-processor.js";
import type { TensorSpec } from "../graph/tensor.js";
import type { IndexOptions } from "../data/index/source-index.js";
import { dataSetsOf } from "./run/data-sets.js";
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
function sharesOf(
  stage: StageRecipe,
): Pick<MixtureOptions, "batch" | "shares" | "mismatched" | "candidates"> {
  if (stage.kind === "pretraining") return stage;
  return {
    batch: forKind("image", stage.batch, 0),
    shares: forKind("image", 1, 0),
    mismatched: 0,
  };
}

/** Indexing of data sets that are new or have changed. */
export interface Preparation extends IndexOptions {
  /** Called with one line for each data set with samples that are left out. */
  readonly log: (line: string) => void;
}

/** The training sets of a stage, of the kinds that it draws. */
export async function trainingSets(
  { root, pairs, images, texts }: Recipe["data"],
  stage: StageRecipe,
  preparation: Preparation,
): Promise<SampleSets> {
  return drawnSets(root, stage, { pair: pairs, image: images, text: texts }, preparation);
}

/** Number of samples by set name; a set may serve several kinds of batches. */
export function samplesOf(sets: SampleSets): Record<string, number> {
  const all = batchKinds.flatMap((kind) => sets[kind]);
  return Object.fromEntries(all.map(({ name, usable }) => [name, usable]));
}

/** What tells whether other processes have the same data: digests by set name. */
export function digestsOf(sets: SampleSets): Record<string, string> {
  const all = batchKinds.flatMap((kind) => sets[kind]);
  return Object.fromEntries(all.map(({ name, digest }) => [name, digest]));
}

/** The sets that a stage is evaluated on. Images come from pairs. */
export async function validationSets(
  { root, validation }: Recipe["data"],
  stage: StageRecipe,
  preparation: Preparation,
): Promise<SampleSets> {
  const { pairs, texts } = validation;
  return drawnSets(root, stage, { pair: pairs, image: pairs, text: texts }, preparation);
}

/** The data sets of the kinds that a stage draws. */
async function drawnSets(
  root: string,
  stage: StageRecipe,
  entries: Readonly<Record<BatchKind, readonly DataSetRecipe[]>>,
  preparation: Preparation,
): Promise<SampleSets> {
  const { shares } = sharesOf(stage);
  return perKindInOrder(async (kind) => {
    const sets: SampleSet[] = [];
    if (shares[kind] === 0) return sets;
    for (const { path, name, options } of await dataSetsOf(root, entries[kind])) {
      // A text file as a single document would hardly be read beyond its first page.
      const documents = kind === "text" ? ({ documents: "paragraphs" } as const) : {};
      const set = await openSampleSet(path, name, { ...documents, ...options }, preparation);
      sets.push(set);
      const left = leftOut(set, kind);
      if (left !== "") preparation.log(`  ${name}: ${left}`);
    }
    return sets;
  });
}

const lacks: Readonly<Record<BatchKind, string>> = {
  pair: "an image or a text",
  image: "an image",
  text: "a text",
};

/**
 * A sentence on samples that are not used, or an empty string.
 * @throws NoUsableSampleError if none can be used
 */
function leftOut({ name, samples, usable, skipped }: SampleSet, kind: BatchKind): string {
  const used = samples[kind];
  if (usable > 0 && used === 0) {
    throw new NoUsableSampleError(
      `None of the ${usable} samples of ${name} can be used as a ${kind}: each lacks ${lacks[kind]}. Name it in another ` +
        "part of the recipe's data, or say which columns to read.",
    );
  }
  if (skipped.total > 0) skipped.requireUsed(name, used);
  const lacking =
    usable > used ? [`${usable - used} of ${usable} samples lack ${lacks[kind]}`] : [];
  return [...lacking, ...(skipped.total > 0 ? [skipped.summary(usable)] : [])].join("; ");
}

/**
 * How batches are drawn.
 *
 * @param overfit draw from only this many samples of each set
 */
export function mixtureOptions(
  { seed, data }: Recipe,
  stage: StageRecipe,
  sampleSets: SampleSets,
  overfit = Infinity,
): MixtureOptions {
  const sizes = sizesOf(sampleSets);
  const sets = perKind((kind) =>
    sizes[kind].map(({ name, samples }) => ({ name, samples: Math.min(samples, overfit) })),
  );
  const { batch, shares, mismatched, candidates = 1 } = sharesOf(stage);
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
