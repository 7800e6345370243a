/** `flava pretrain`: runs a recipe, or goes on with it. */
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { openBackend } from "../backend/open.js";
import { cacheDirectory } from "../base/cache.js";
import { type Recipe, RecipeError, checkRecipe } from "../configs/recipe.js";
import { recipes } from "../configs/recipes.js";
import { pretrain } from "../train/pretrain.js";
import { interruptible } from "./interruptible.js";
import { wholeNumber } from "./whole-number.js";

interface PretrainFlags {
  readonly out?: string;
  readonly stage?: string[];
  readonly start?: string;
  readonly set?: string[];
  readonly overfit?: number;
  readonly workers: number;
}

export function addPretrain(program: Command): void {
  program
    .command("pretrain")
    .description("train a model by a recipe, or go on where it stopped")
    .argument("<recipe>", `${Object.keys(recipes).join(", ")}, or a .json file`)
    .option("--out <directory>", "where the stages are kept; default: runs/<name> in the cache")
    .option("--stage <name...>", "only these stages")
    .option("--start <checkpoint>", "take over whatever fits of these weights")
    .option("--set <path=value...>", "change the recipe, such as stages.0.steps=100")
    .option("--overfit <n>", "train on n samples of each set only, as a check", wholeNumber)
    .option("--workers <n>", "threads that make batches", wholeNumber, defaultWorkers())
    .action(run);
}

/** One is enough for two cores: making batches takes a few per cent of the time. */
const defaultWorkers = (): number => Math.max(1, Math.floor(availableParallelism() / 8));

/** What Ctrl-C is answered with. */
const saving = "Saving after this step; press Ctrl-C again to stop at once.";

async function run(name: string, flags: PretrainFlags): Promise<void> {
  const recipe = await readRecipe(name, flags.set ?? []);
  const directory = flags.out ?? join(cacheDirectory(), "runs", recipe.name);
  const backend = openBackend();
  try {
    await interruptible(saving, (signal) => {
      signal.addEventListener("abort", () => console.log(`\n${saving}`));
      return pretrain({
        recipe,
        directory,
        backend,
        workers: flags.workers,
        say: (line) => console.log(line),
        signal,
        ...(flags.stage && { only: flags.stage }),
        ...(flags.start !== undefined && { start: flags.start }),
        ...(flags.overfit !== undefined && { overfit: flags.overfit }),
      });
    });
  } finally {
    backend.dispose();
  }
}

async function readRecipe(name: string, changes: readonly string[]): Promise<Recipe> {
  const input: unknown = structuredClone(recipes[name] ?? (await readJson(name)));
  for (const change of changes) applyChange(input, change);
  return checkRecipe(input, name);
}

async function readJson(path: string): Promise<unknown> {
  const known = Object.keys(recipes).join(", ");
  const text = await readFile(path, "utf8").catch(() => {
    throw new RecipeError(`There is no recipe "${path}". Name one of ${known}, or a .json file.`);
  });
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RecipeError(`${path} is not JSON: ${(error as Error).message}`);
  }
}

/** Sets the place in `input` that "a.0.b=value" names; the value is JSON, or else a string. Checking comes later. */
function applyChange(input: unknown, change: string): void {
  const [path = "", ...rest] = change.split("=");
  const steps = path.split(".");
  const last = steps.pop();
  if (last === undefined || last === "" || rest.length === 0) {
    throw new RecipeError(
      `"${change}" changes nothing: write a path and a value, such as stages.0.steps=100.`,
    );
  }
  let place = input as Record<string, unknown>;
  for (const step of steps) place = (place[step] ??= {}) as Record<string, unknown>;
  const value = rest.join("=");
  try {
    place[last] = JSON.parse(value);
  } catch {
    place[last] = value;
  }
}
