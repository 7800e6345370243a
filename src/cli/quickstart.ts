/**
 * The first command of the README: pre-trains a tiny FLAVA on the real images and texts that ship, with all losses; then
 * uses the trained model that ships, and writes a page about both.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { load } from "../api/load.js";
import type { Backend } from "../backend/backend.js";
import { openBackend } from "../backend/open.js";
import { cacheDirectory } from "../base/cache.js";
import { checkRecipe } from "../configs/recipe.js";
import { quickstart } from "../configs/quickstart.js";
import { formatDuration } from "../train/run/duration.js";
import { type LogEntry, readLog } from "../train/run/log.js";
import { pretrain } from "../train/pretrain.js";
import { reportName, writeReport } from "../train/run/report.js";
import { RunDirectory } from "../train/run/run-directory.js";
import { shippedModelSections } from "./quickstart-model.js";

/** Steps of a stage, and samples of its batches, that plain TypeScript does in some minutes, where there is no compiler. */
const few = { steps: 4, batch: 4 };

async function main(): Promise<void> {
  const started = performance.now();
  const backend = openBackend();
  const directory = join(cacheDirectory(), "runs", quickstart.name);
  await rm(directory, { recursive: true, force: true });
  const recipe = recipeFor(backend);
  console.log(`Backend: ${backend.name} (${backend.level}), ${backend.threads} threads.\n`);
  console.log("1. Pre-training a tiny FLAVA on the sample that ships, codebook first.\n");
  const say = (line: string): void => console.log(line);
  await pretrain({ recipe, directory, backend, workers: 1, say });
  backend.dispose();
  await tellLosses(new RunDirectory(join(directory, "joint")));

  console.log("\n2. The trained model that ships, on images of families that it has never seen.\n");
  const flava = await load();
  const more = await shippedModelSections(flava, say);
  await flava.close();

  await writeReport(directory, "FLAVA: quickstart", recipe, more);
  const seconds = (performance.now() - started) / 1000;
  console.log(
    `\nDone in ${formatDuration(seconds)}. Everything with curves and images:\n  ${join(directory, reportName)}`,
  );
}

function recipeFor(backend: Backend): ReturnType<typeof checkRecipe> {
  const recipe = checkRecipe(quickstart, "The quickstart recipe");
  if (backend.name === "native") return recipe;
  console.log("No native kernels were built (see README.md), so this takes only a few steps.");
  const { steps, batch } = few;
  const stages = recipe.stages.map((stage) => ({
    ...stage,
    steps,
    batch: stage.kind === "codebook" ? batch : { pair: batch, image: batch, text: batch },
    rate: { peak: 1e-3 },
    every: { log: 1, evaluate: steps, save: steps },
  }));
  return checkRecipe({ ...recipe, stages }, "The quickstart recipe");
}

/** Every loss at the end, on what was trained on and on other data, beside what guessing gives. */
async function tellLosses(run: RunDirectory): Promise<void> {
  const facts = await run.readFacts();
  const log = await readLog(run);
  const lastOf = (kind: LogEntry["kind"], name: string): string => {
    const entry = log.findLast(({ kind: own, scalars }) => own === kind && name in scalars);
    return (entry?.scalars[name]?.toFixed(3) ?? "").padStart(12);
  };
  console.log(
    `\n${"loss".padEnd(14)}${"guessing".padStart(10)}${"trained on".padStart(12)}${"other data".padStart(12)}`,
  );
  for (const [name, chance] of Object.entries(facts?.losses ?? {})) {
    const guessing = (chance?.toFixed(3) ?? "").padStart(10);
    console.log(
      `${name.padEnd(14)}${guessing}${lastOf("training", name)}${lastOf("evaluation", name)}`,
    );
  }
}

await main();
