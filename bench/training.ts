/**
 * Pairs that are trained on in a second, data loading included, against the same model, batches and step in PyTorch, which
 * finds the batches ready in memory.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openBackend } from "../src/backend/open.js";
import type { Values } from "../src/backend/values.js";
import { cacheDirectory } from "../src/base/cache.js";
import { leavesOf } from "../src/base/tree.js";
import { writeConfig } from "../src/checkpoint/huggingface-config.js";
import { writeSafetensors } from "../src/checkpoint/safetensors.js";
import { models } from "../src/configs/models.js";
import { type Recipe, type RecipeInput, checkRecipe } from "../src/configs/recipe.js";
import { recipes } from "../src/configs/recipes.js";
import type { Batch } from "../src/data/batch.js";
import { Loader } from "../src/data/loader.js";
import { sizesOfSets } from "../src/data/sample-set.js";
import type { TensorSpec } from "../src/graph/tensor.js";
import { processorFor } from "../src/model/processor.js";
import { batchSpecs } from "../src/train/batch-specs.js";
import { directoriesOf } from "../src/train/directories.js";
import { type LogEntry, readLog } from "../src/train/log.js";
import { pretrain } from "../src/train/pretrain.js";
import { RunDirectory } from "../src/train/run-directory.js";
import { median } from "./measure.js";
import { startPython } from "./python.js";
import { type Row, formatRow, judge, rowHeader } from "./report.js";
import { threads } from "./work.js";

interface TrainingOptions {
  /** Name of a recipe, whose model, precision and views are taken. */
  readonly model: string;
  readonly batch: number;
  /** Steps of each side in each round. */
  readonly steps: number;
}

/** Tokens that all captions are filled up to. */
const captionLength = 24;
/** The sides take turns, so that a slow minute meets both. */
const rounds = 2;
/** Lines of the log in a round; the first of them is left out, as its steps are compiled and touch their memory first. */
const lines = 6;
/** Batches that the peer goes through again and again. */
const peerBatches = 4;
const workers = 1;
const stage = "joint";

/** Where a step's time goes, in milliseconds. */
type Split = Readonly<Record<"waiting for data" | "in the native program" | "elsewhere", number>>;

/** Prints the row, and where our time goes. */
export async function benchTraining(options: TrainingOptions): Promise<Row[]> {
  const { model, batch, steps } = options;
  const recipe = recipeOf(options);
  const folder = mkdtempSync(join(tmpdir(), "training-"));
  try {
    await writePeerInputs(recipe, join(folder, "peer"));
    const peer = startPython("training.py", String(threads), join(folder, "peer"));
    const entries: LogEntry[] = [];
    const peerSeconds: number[] = [];
    for (let round = 0; round < rounds; round++) {
      entries.push(...(await train(recipe, join(folder, String(round)))));
      for (let step = 0; step < steps; step++) {
        const { seconds } = (await peer.ask()) as { seconds: number };
        if (round > 0 || step > 0 || steps === 1) peerSeconds.push(seconds);
      }
    }
    await peer.close();
    const work = `training, ${model}, ${batch} pairs, captions of ${captionLength} tokens`;
    const [ours, theirs] = [medianOf(entries, "samples/s"), batch / median(peerSeconds)];
    const row = judge({ work, ours, peer: theirs, unit: "pairs/s" }, { atLeast: 1.8 });
    console.log(`${rowHeader}\n${formatRow(row)}`);
    console.log(`A step of ours: ${describeSplit(splitOf(entries))}.`);
    return [row];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A joint stage of pairs alone, in which nothing but its end is evaluated or saved. */
function recipeOf({ model, batch, steps }: TrainingOptions): Recipe {
  const known: RecipeInput | undefined = recipes[model];
  if (!known) {
    const names = Object.keys(recipes).join(", ");
    throw new Error(`There is no recipe "${model}" whose model could be trained. Name ${names}.`);
  }
  const built = join(cacheDirectory(), "pmd");
  const icons = "pairs/icons/train";
  const isBuilt = existsSync(join(built, icons));
  const { precision, data } = checkRecipe(known, model);
  const samples = { root: join("samples", "mini-pmd"), pairs: ["pairs/*/train"] };
  return checkRecipe(
    {
      name: "benchmark",
      model: known.model,
      precision,
      data: {
        ...(isBuilt ? { root: built, pairs: [icons] } : samples),
        captions: { lengths: [captionLength], unit: "word" },
        views: data.views,
      },
      stages: [
        {
          kind: "pretraining",
          name: stage,
          steps,
          batch: { pair: batch, image: 1, text: 1 },
          shares: { pair: 1, image: 0, text: 0 },
          rate: { peak: 1e-3 },
          every: { log: Math.ceil(steps / lines), evaluate: steps, save: steps },
        },
      ],
    } satisfies RecipeInput,
    "The benchmark's recipe",
  );
}

/** Trains in a new directory: what the training loop's log says of its steps. */
async function train(recipe: Recipe, directory: string): Promise<LogEntry[]> {
  const backend = openBackend({ name: "native", threads });
  try {
    await pretrain({ recipe, directory, backend, workers, say: () => undefined });
  } finally {
    backend.dispose();
  }
  const log = await readLog(new RunDirectory(join(directory, stage)));
  const training = log.filter(({ kind }) => kind === "training");
  return training.slice(training.length > 1 ? 1 : 0);
}

function medianOf(entries: readonly LogEntry[], name: string): number {
  return median(entries.map(({ scalars }) => scalars[name] ?? NaN));
}

function splitOf(entries: readonly LogEntry[]): Split {
  const waiting = medianOf(entries, "waiting ms");
  const program = medianOf(entries, "program ms");
  const elsewhere = medianOf(entries, "step ms") - waiting - program;
  return { "waiting for data": waiting, "in the native program": program, elsewhere };
}

function describeSplit(split: Split): string {
  const whole = Object.values(split).reduce((sum, part) => sum + part, 0);
  const parts = Object.entries(split).map(
    ([name, part]) => `${part.toFixed(1)} ms ${name} (${((100 * part) / whole).toFixed(1)} %)`,
  );
  return `${whole.toFixed(0)} ms, of which ${parts.join(", ")}`;
}

/** The model's sizes and some batches of the run, as the peer reads them. */
async function writePeerInputs(recipe: Recipe, directory: string): Promise<void> {
  const config = models[recipe.model];
  const sizes = { kind: "flava", config, codebook: true } as const;
  mkdirSync(directory);
  const json = writeConfig(sizes, "FlavaForPreTraining", "float32");
  writeFileSync(join(directory, "config.json"), JSON.stringify(json));
  const loader = await openLoader(recipe);
  for (let index = 0; index < peerBatches; index++) {
    const { batch } = await loader.next();
    await writeBatch(join(directory, `${index}.safetensors`), batch, batchSpecs(batch, config));
  }
  await loader.close();
}

async function openLoader({ model, seed, data, stages: [first] }: Recipe): Promise<Loader> {
  if (first?.kind !== "pretraining") throw new Error("The benchmark trains the encoders.");
  const { root, pairs, temperature, views, captions, passages } = data;
  const directories = { pair: await directoriesOf(root, pairs), image: [], text: [] };
  const sets = await sizesOfSets(root, directories.pair);
  const { batch, shares, mismatched } = first;
  return Loader.open({
    directories,
    batch: { processor: processorFor(models[model]), views, captions, texts: passages },
    mixture: {
      ...{ seed, temperature, batch, shares, mismatched },
      sets: { pair: sets, image: [], text: [] },
    },
    workers: 0,
  });
}

function writeBatch(path: string, batch: Batch<Values>, specs: Batch<TensorSpec>): Promise<void> {
  const specOf = new Map(leavesOf<TensorSpec>(specs));
  const tensors = leavesOf<Values>(batch).filter(([name]) => name !== "kind");
  return writeSafetensors(
    path,
    tensors.map(([name, values]) => ({
      name,
      shape: specOf.get(name)!.shape,
      dtype: values instanceof Float32Array ? "float32" : "int32",
      bytes: () => new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
    })),
  );
}
