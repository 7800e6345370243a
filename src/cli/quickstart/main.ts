/**
 * The first command of the README: pre-trains a tiny FLAVA with all losses on the shipped images and texts, then runs
 * the shipped model, and writes a page about both.
 */
import { counted } from "../../base/counted.js";
import { join } from "node:path";
import { load } from "../../api/load.js";
import type { Backend } from "../../backend/backend.js";
import { requestBackend } from "../../backend/open.js";
import { cacheDirectory } from "../../base/cache.js";
import { type Recipe, checkRecipe } from "../../configs/recipe.js";
import { quickstart } from "../../configs/quickstart.js";
import { formatDuration } from "../../base/duration.js";
import { pretrain } from "../../train/pretrain.js";
import { readTrainedStage, reportName, writeReport } from "../../train/run/report.js";
import { clearRun } from "../../train/run/run-lock.js";
import { showShippedModel } from "./shipped-model.js";
import { summarySection } from "./summary.js";

/** Steps per stage that plain TypeScript completes in a few minutes, for machines without a compiler. */
const referenceSteps = 4;
/** Samples of each kind per batch in a shortened stage. */
const shortBatch = 4;

async function main(): Promise<void> {
  const started = performance.now();
  const directory = join(cacheDirectory(), "runs", quickstart.name);
  requireNoOptions(process.argv.slice(2), directory);
  const backend = await requestBackend();
  await clearRun(directory);
  const recipe = recipeFor(backend);
  console.log(
    `Backend: ${backend.name} (${backend.level}), ${counted(backend.threads, "thread")}.\n`,
  );
  console.log("1. Pre-training a tiny FLAVA on the sample that ships, codebook first.\n");
  const log = (line: string): void => console.log(line);
  await pretrain({ recipe, directory, backend, workers: 1, log });
  const duration = since(started);
  backend.dispose();

  console.log("\n2. The trained model that ships, on images of families that it has never seen.\n");
  const flava = await load();
  const { evaluations, sections } = await showShippedModel(flava, log);
  await flava.close();

  const joint = (await readTrainedStage(directory, recipe.stages.at(-1)!.name))!;
  const summary = await summarySection({ joint, evaluations, duration });
  await writeReport({ directory, title: "FLAVA: quickstart", recipe, summary, more: sections });
  console.log(
    `\nDone in ${since(started)}. Curves, tables and images:\n  ${join(directory, reportName)}`,
  );
}

function requireNoOptions(words: readonly string[], directory: string): void {
  if (words.length === 0) return;
  console.error(
    `flava: the quickstart takes no options, but got ${words.join(" ")}. It writes to ${directory}; FLAVA_CACHE names another ` +
      'cache. "npx flava pretrain quickstart --out DIRECTORY" trains the same with options.',
  );
  process.exit(1);
}

const since = (started: number): string => formatDuration((performance.now() - started) / 1000);

/** The recipe, shortened on the slow backend and by `FLAVA_QUICKSTART_STEPS` in continuous integration. */
function recipeFor(backend: Backend): Recipe {
  const recipe = checkRecipe(quickstart, "The quickstart recipe");
  const { FLAVA_QUICKSTART_STEPS: steps } = process.env;
  if (steps !== undefined) return shortened(recipe, Number(steps));
  if (backend.name === "native") return recipe;
  console.log(
    `The native kernels are not built (see README.md), so stages take only ${referenceSteps} steps.`,
  );
  return shortened(recipe, referenceSteps);
}

function shortened(recipe: Recipe, steps: number): Recipe {
  const stages = recipe.stages.map((stage) => ({
    ...stage,
    steps,
    ...(stage.kind === "codebook"
      ? {
          batch: shortBatch,
          temperature: { ...stage.temperature, over: steps },
          divergence: { ...stage.divergence, over: steps },
        }
      : { batch: { pair: shortBatch, image: shortBatch, text: shortBatch } }),
    rate: { peak: 1e-3 },
    every: { log: 1, evaluate: steps, save: steps },
  }));
  const validation = { ...recipe.data.validation, batch: shortBatch }; // the same contrastive loss as in training
  const data = { ...recipe.data, validation };
  return checkRecipe({ ...recipe, data, stages }, "The shortened quickstart recipe");
}

await main();
