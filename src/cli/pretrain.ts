/** `flava pretrain`: runs or resumes a recipe. */
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { openBackend } from "../backend/open.js";
import { cacheDirectory } from "../base/cache.js";
import { formatDuration } from "../base/duration.js";
import { suggestion } from "../base/suggestion.js";
import { changeRecipe } from "../configs/change-recipe.js";
import { type Recipe, RecipeError, checkRecipe } from "../configs/recipe.js";
import { recipes } from "../configs/recipes.js";
import { pretrain } from "../train/pretrain.js";
import { interruptible } from "./interruptible.js";
import { ProgressLine } from "./progress.js";
import { wholeNumber, wholeNumberFrom } from "./whole-number.js";

interface PretrainFlags {
  readonly out?: string;
  readonly stage?: string[];
  readonly start?: string;
  readonly set?: string[];
  readonly overfit?: number;
  readonly allowChanges?: boolean;
  readonly workers: number;
}

export function addPretrain(program: Command): void {
  program
    .command("pretrain")
    .description("train a model by a recipe; resumes if interrupted")
    .argument("<recipe>", `${Object.keys(recipes).join(", ")}, or a .json file`)
    .option("--out <directory>", "directory of the run; default: runs/<name> in the cache")
    .option("--stage <name...>", "only these stages")
    .option("--start <checkpoint>", "start from these weights, as far as they fit")
    .option("--set <path=value...>", "change the recipe, such as stages.joint.steps=100")
    .option(
      "--overfit <n>",
      "train on only n samples of each set, as a check, in the separate directory overfit-<n>",
      wholeNumberFrom(1),
    )
    .option(
      "--allow-changes",
      "continue a run even if its settings have changed, or extend a finished stage",
    )
    .option("--workers <n>", "threads that prepare batches", wholeNumber, defaultWorkers())
    .action(run);
}

/** One is enough for two cores: preparing batches takes a few percent of the time. */
const defaultWorkers = (): number => Math.max(1, Math.floor(availableParallelism() / 8));

/** Shown on the first Ctrl-C. */
const saving = "Saving after this step; press Ctrl-C again to stop at once.";

async function run(name: string, flags: PretrainFlags): Promise<void> {
  const { set = [], stage: only, start, overfit, allowChanges, workers } = flags;
  const recipe = await readRecipe(name, set);
  const directory = flags.out ?? join(cacheDirectory(), "runs", recipe.name);
  const backend = openBackend();
  const progress = new ProgressLine();
  const log = (line: string): void => {
    progress.end();
    console.log(line);
  };
  try {
    await interruptible(saving, (signal) => {
      signal.addEventListener("abort", () => log(`\n${saving}`));
      return pretrain({
        recipe,
        directory,
        backend,
        workers,
        log,
        signal,
        ...(progress.stream.isTTY && {
          onProgress: ({ stage, step, steps, secondsLeft }) =>
            progress.show(`${stage}: ${step}/${steps}, ${formatDuration(secondsLeft)} left`),
        }),
        onIndexed: (samples, source) => progress.show(`Indexing ${source}: ${samples} samples`),
        ...(only && { only }),
        ...(start !== undefined && { start }),
        ...(overfit !== undefined && { overfit }),
        ...(allowChanges && { allowChanges }),
      });
    });
  } finally {
    progress.end();
    backend.dispose();
  }
}

async function readRecipe(name: string, changes: readonly string[]): Promise<Recipe> {
  const input: unknown = structuredClone(recipes[name] ?? (await readJson(name)));
  for (const change of changes) changeRecipe(input, change);
  return checkRecipe(input, name);
}

async function readJson(path: string): Promise<unknown> {
  const names = Object.keys(recipes);
  const text = await readFile(path, "utf8").catch(() => {
    throw new RecipeError(
      `There is no recipe "${path}".${suggestion(path, names)} Name one of ${names.join(", ")}, or a .json file.`,
    );
  });
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RecipeError(`${path} is not JSON: ${(error as Error).message}`);
  }
}
