/**
 * Training speed in pairs per second, against the same model, batches and step in PyTorch, which has its batches ready
 * in memory. Ours is measured twice: as a whole run, with its data loading, and with the same batches ready.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openBackend } from "../src/backend/open.js";
import { State } from "../src/backend/state.js";
import type { Values } from "../src/backend/values.js";
import { cacheDirectory } from "../src/base/cache.js";
import { keyOf } from "../src/base/random.js";
import { leavesOf } from "../src/base/tree.js";
import { writeConfig } from "../src/checkpoint/huggingface-config.js";
import { writeSafetensors } from "../src/checkpoint/files/safetensors.js";
import {
  type PretrainingStageRecipe,
  type Recipe,
  type RecipeInput,
  checkRecipe,
} from "../src/configs/recipe.js";
import { recipes } from "../src/configs/recipes.js";
import { batchSpecs } from "../src/data/batch/batch-specs.js";
import type { CollatedBatch } from "../src/data/batch/collate.js";
import { Loader } from "../src/data/batch/loader.js";
import { Mixture } from "../src/data/batch/mixture.js";
import { indexesOf, sizesOf } from "../src/data/batch/sample-set.js";
import type { TensorSpec } from "../src/graph/tensor.js";
import { type FlavaForPretraining, pretrainingParameters } from "../src/model/flava.js";
import { initialize } from "../src/nn/parameter.js";
import { type SizedRecipe, sizedRecipe } from "../src/train/sized-recipe.js";
import { batchOptions, mixtureOptions } from "../src/train/stage-batches.js";
import { preparationFor, trainingSets } from "../src/train/stage-data.js";
import { vocabularyOf } from "../src/train/vocabulary.js";
import { type LogEntry, readLog } from "../src/train/run/log.js";
import { pretrain } from "../src/train/pretrain.js";
import { rateAt } from "../src/train/stages/rate.js";
import { RunDirectory } from "../src/train/run/run-directory.js";
import { optimizerStep } from "../src/train/optimizer-step.js";
import {
  boundLogitScale,
  pretrainingLoss,
  pretrainingRules,
} from "../src/train/stages/pretraining-loss.js";
import { optimizerState } from "../src/train/step/update.js";
import { barsOf } from "./bars.js";
import { median } from "./measure.js";
import { writeRandomWeights } from "./model.js";
import { peerPrecision } from "./peer-precision.js";
import { startPython } from "./python.js";
import { type Row, formatRow, judge, rowHeader } from "./report.js";
import { threads } from "./work.js";

interface TrainingOptions {
  /** Name of a recipe, which gives model, precision and views. */
  readonly model: string;
  readonly batch: number;
  /** Steps of each side in each round. */
  readonly steps: number;
}

/** Length that all captions are padded to. */
const captionLength = 24;
/** The sides take turns, so that a slow minute affects both. */
const rounds = 2;
/** Log lines per round; the first is left out, as its steps include compilation and first use of memory. */
const lines = 6;
/** Batches kept in memory and used repeatedly. */
const readyBatches = 4;
const workers = 1;
const stage = "joint";

/** Breakdown of a step's time, in milliseconds. */
type Split = Readonly<Record<"waiting for data" | "in the native program" | "elsewhere", number>>;

/** Prints the rows and the breakdown of our time. */
export async function benchTraining(options: TrainingOptions): Promise<Row[]> {
  const { model, batch, steps } = options;
  const recipe = await sizedRecipe(recipeOf(options));
  const folder = mkdtempSync(join(tmpdir(), "training-"));
  try {
    const batches = await someBatches(recipe);
    const start = join(folder, "start");
    await writeRandomWeights(start, recipe.config);
    await writePeerInputs(recipe, batches, join(folder, "peer"));
    const peer = startPython("training.py", String(threads), join(folder, "peer"), peerPrecision());
    const ofPeer = async (): Promise<number> => ((await peer.ask()) as { seconds: number }).seconds;
    const entries: LogEntry[] = [];
    const [ready, theirs]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      entries.push(...(await train(recipe, start, join(folder, String(round)))));
      ready.push(...(await timeSteps(recipe, batches, steps)));
      for (let step = 0; step < steps; step++) {
        const seconds = await ofPeer();
        if (round > 0 || step > 0 || steps === 1) theirs.push(seconds);
      }
    }
    await peer.close();
    const work = `training, ${model}, ${batch} pairs, captions of ${captionLength} tokens`;
    const bar = { atLeast: barsOf().trainingSpeed };
    const against = (ours: number) => ({ ours, peer: batch / median(theirs), unit: "pairs/s" });
    const rows = [
      judge({ work, ...against(medianOf(entries, "samples/s")) }, bar),
      judge({ work: "the same, batches ready", ...against(batch / median(ready)) }, bar),
    ];
    console.log([rowHeader, ...rows.map(formatRow)].join("\n"));
    console.log(`Our step: ${describeSplit(splitOf(entries))}.`);
    return rows;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A joint stage of pairs alone, evaluated and saved only at its end. */
export function recipeOf({ model, batch, steps }: TrainingOptions): Recipe {
  const known: RecipeInput | undefined = recipes[model];
  if (!known) {
    const names = Object.keys(recipes).join(", ");
    throw new Error(`There is no recipe "${model}". Name ${names}.`);
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

/** Trains in a new directory, from weights with a codebook; returns the log's measurements of its steps. */
export async function train(
  recipe: SizedRecipe,
  start: string,
  directory: string,
): Promise<LogEntry[]> {
  const backend = openBackend({ name: "native", threads });
  try {
    await pretrain({ recipe, start, directory, backend, workers, log: () => undefined });
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

/** Seconds of steps on prepared batches, without the first steps, which compile and touch their memory. */
export async function timeSteps(
  recipe: SizedRecipe,
  batches: readonly CollatedBatch[],
  steps: number,
): Promise<number[]> {
  const { config, precision, initialScale } = recipe;
  const only = onlyStage(recipe);
  const backend = openBackend({ name: "native", threads });
  try {
    const rules = pretrainingRules();
    const parameters: FlavaForPretraining<TensorSpec> = pretrainingParameters(config);
    const state = new State(backend, optimizerState(parameters, { rules }));
    await initialize(state, keyOf(0), initialScale);
    const { clip, ...optimizer } = only.optimizer;
    const loss = pretrainingLoss(batchSpecs(batches[0]!.sizes), { config, precision });
    const step = optimizerStep(state, loss, {
      optimizer: { ...optimizer, rules },
      clip,
      learningRate: (made) => rateAt(made, only),
      constrain: boundLogitScale,
    });
    const seconds: number[] = [];
    for (let made = 0; made < batches.length + steps; made++) {
      const { kind: _, sizes: __, ...inputs } = batches[made % batches.length]!;
      const start = performance.now();
      await step.run(inputs);
      seconds.push((performance.now() - start) / 1000);
    }
    return seconds.slice(batches.length);
  } finally {
    backend.dispose();
  }
}

/** Batches of the run; all have the same shapes. */
export async function someBatches(recipe: SizedRecipe): Promise<CollatedBatch[]> {
  const loader = await openLoader(recipe);
  const batches: CollatedBatch[] = [];
  while (batches.length < readyBatches) batches.push((await loader.next()).batch);
  await loader.close();
  return batches;
}

/** The model's sizes and the batches, in the format the peer reads. */
export async function writePeerInputs(
  { config }: SizedRecipe,
  batches: readonly CollatedBatch[],
  directory: string,
): Promise<void> {
  const sizes = { kind: "flava", config, codebook: true } as const;
  mkdirSync(directory);
  const json = writeConfig(sizes, "FlavaForPreTraining", "float32");
  writeFileSync(join(directory, "config.json"), JSON.stringify(json));
  for (const [index, batch] of batches.entries()) {
    await writeBatch(join(directory, `${index}.safetensors`), batch);
  }
}

function onlyStage({ stages: [stage] }: Recipe): PretrainingStageRecipe {
  if (stage?.kind === "pretraining") return stage;
  throw new Error("The benchmark trains the encoders.");
}

async function openLoader(recipe: SizedRecipe): Promise<Loader<CollatedBatch>> {
  const stage = onlyStage(recipe);
  const sets = await trainingSets(recipe.data, stage, preparationFor({ log: console.log }));
  const vocabulary = await vocabularyOf(recipe);
  return Loader.open({
    planner: new Mixture(mixtureOptions(recipe, stage, sizesOf(sets))),
    reader: "pretraining",
    options: { indexes: indexesOf(sets), vocabulary, batch: batchOptions(recipe, stage) },
    workers: 0,
  });
}

function writeBatch(path: string, { kind: _, sizes, ...inputs }: CollatedBatch): Promise<void> {
  const specOf = new Map(leavesOf<TensorSpec>(batchSpecs(sizes)));
  const tensors = leavesOf<Values>(inputs);
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
