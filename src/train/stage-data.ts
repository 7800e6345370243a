/** The sets of samples of one stage. */
import { counted } from "../base/counted.js";
import { eachOnce } from "../base/each-once.js";
import type { Recipe, StageRecipe } from "../configs/recipe.js";
import type { DataSetRecipe } from "../configs/data-set.js";
import { type BatchKind, batchKinds, perKindInOrder } from "../data/batch/mixture.js";
import { type SampleSet, type SampleSets, openSampleSet } from "../data/batch/sample-set.js";
import { NoUsableSampleError } from "../data/batch/skipped.js";
import type { IndexOptions } from "../data/index/source-index.js";
import { dataSetsOf } from "./run/data-sets.js";
import { drawnShares } from "./stage-batches.js";

/** Indexing of data sets that are new or have changed. One serves all stages of a run. */
export interface Preparation extends IndexOptions {
  readonly log: (line: string) => void;
  /** Called with a line on each choice of a column, and on the samples of a data set that are left out; see `preparationFor`. */
  readonly tell: (line: string) => void;
}

/** Reports each line about a data set once per run, however many stages, splits and kinds of batches use the set. */
export function preparationFor({ log, ...options }: Omit<Preparation, "tell">): Preparation {
  return { ...options, log, tell: eachOnce(log) };
}

/** The training sets of a stage, of the kinds that it draws. */
export async function trainingSets(
  { root, pairs, images, texts }: Recipe["data"],
  stage: StageRecipe,
  preparation: Preparation,
): Promise<SampleSets> {
  return drawnSets(root, stage, { pair: pairs, image: images, text: texts }, preparation);
}

const listed = { pair: "pairs", image: "images", text: "texts" } as const;

/** Sentences on lists of data sets that no stage of the recipe draws from. */
export function describeUnread({ data, stages }: Pick<Recipe, "data" | "stages">): string[] {
  const isDrawn = (kind: BatchKind): boolean =>
    stages.some((stage) => drawnShares(stage).shares[kind] > 0);
  return batchKinds
    .filter((kind) => data[listed[kind]].length > 0 && !isDrawn(kind))
    .map((kind) => `data.${listed[kind]} is not read: no stage has shares.${kind} above 0.`);
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

/** The sets that a stage is evaluated on. Images come from pairs. A warning names sets that it is also trained on. */
export async function validationSets(
  { root, pairs, images, texts, validation }: Recipe["data"],
  stage: StageRecipe,
  preparation: Preparation,
): Promise<SampleSets> {
  const held = { pair: validation.pairs, image: validation.pairs, text: validation.texts };
  const evaluated = await placesOf(root, stage, held);
  // Memory is planned for recipes whose data are not there.
  const trained =
    evaluated.size > 0
      ? await placesOf(root, stage, { pair: pairs, image: images, text: texts })
      : evaluated;
  for (const [path, name] of evaluated)
    if (trained.has(path))
      preparation.tell(
        `  ${name} is trained on, too: what is measured on it says nothing about new samples.`,
      );
  return drawnSets(root, stage, held, preparation);
}

type Entries = Readonly<Record<BatchKind, readonly DataSetRecipe[]>>;

/** The names of the data sets of the kinds that a stage draws, by their paths. */
async function placesOf(
  root: string,
  stage: StageRecipe,
  entries: Entries,
): Promise<Map<string, string>> {
  const { shares } = drawnShares(stage);
  const found = await perKindInOrder(async (kind) =>
    shares[kind] === 0 ? [] : dataSetsOf(root, entries[kind]),
  );
  return new Map(
    batchKinds.flatMap((kind) => found[kind].map(({ path, name }) => [path, name] as const)),
  );
}

/** The data sets of the kinds that a stage draws. */
async function drawnSets(
  root: string,
  stage: StageRecipe,
  entries: Entries,
  preparation: Preparation,
): Promise<SampleSets> {
  const { shares } = drawnShares(stage);
  return perKindInOrder(async (kind) => {
    const sets: SampleSet[] = [];
    if (shares[kind] === 0) return sets;
    for (const { path, name, options } of await dataSetsOf(root, entries[kind])) {
      // A text file as a single document would hardly be read beyond its first page.
      const documents = kind === "text" ? ({ documents: "paragraphs" } as const) : {};
      const set = await openSampleSet(
        path,
        name,
        { ...documents, ...options, onGuess: (line) => preparation.tell(`  ${line}`) },
        preparation,
      );
      sets.push(set);
      const left = leftOut(set, kind);
      if (left !== "") preparation.tell(`  ${name}: ${left}`);
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
      `${name} has ${counted(usable, "sample")}, of which none can be used as a ${kind}: each lacks ${lacks[kind]}. Name it in another ` +
        "part of the recipe's data, or say which columns to read.",
    );
  }
  if (skipped.total > 0) skipped.requireUsed(name, used);
  const lacking =
    usable > used
      ? [
          `of ${counted(usable, "sample")}, ${counted(usable - used, "lacks", "lack")} ${lacks[kind]}`,
        ]
      : [];
  return [...lacking, ...(skipped.total > 0 ? [skipped.summary(usable)] : [])].join("; ");
}
