/** `flava pretrain`: runs or resumes a recipe. */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { openBackend } from "../backend/open.js";
import { cacheDirectory } from "../base/cache.js";
import { formatDuration } from "../base/duration.js";
import { suggestion } from "../base/suggestion.js";
import { readRecipe } from "../configs/read-recipe.js";
import { recipeJsonSchema, schemaName, settingsTable } from "../configs/recipe-document.js";
import { recipes } from "../configs/recipes.js";
import { pretrain } from "../train/pretrain.js";
import { interruptible } from "./interruptible.js";
import { ProgressLine } from "./progress.js";
import { wholeNumber, wholeNumberFrom } from "./whole-number.js";

interface PretrainFlags {
  readonly out?: string;
  readonly stage?: string[];
  readonly start?: string;
  readonly print?: string;
  readonly set?: string[];
  readonly overfit?: number;
  readonly allowChanges?: boolean;
  readonly workers: number;
}

export function addPretrain(program: Command): void {
  program
    .command("pretrain")
    .description("train a model by a recipe; resumes if interrupted")
    .argument("[recipe]", `${Object.keys(recipes).join(", ")}, or a .json file`)
    .option(
      "--print <what>",
      "only print a recipe by name, to edit; or the schema for editors; or a table of all settings",
    )
    .option("--out <directory>", "directory of the run; default: runs/<name> in the cache")
    .option("--stage <name...>", "only these stages")
    .option(
      "--start <checkpoint>",
      "start from these weights instead of the recipe's, as far as they fit",
    )
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

async function run(
  name: string | undefined,
  flags: PretrainFlags,
  command: Command,
): Promise<void> {
  const { set = [], stage: only, start, overfit, allowChanges, workers } = flags;
  if (flags.print !== undefined) {
    print(command, flags.print);
    return;
  }
  if (name === undefined) return command.error("error: missing required argument 'recipe'");
  const changes = start === undefined ? set : [...set, `start=${JSON.stringify(start)}`];
  const recipe = await readRecipe(name, changes);
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
        ...(overfit !== undefined && { overfit }),
        ...(allowChanges && { allowChanges }),
      });
    });
  } finally {
    progress.end();
    backend.dispose();
  }
}

/** Prints a recipe to start one's own from, or what can be set in one. */
function print(command: Command, what: string): void {
  const recipe = recipes[what];
  if (recipe) console.log(JSON.stringify({ $schema: `./${schemaName}`, ...recipe }, undefined, 2));
  else if (what === "schema") console.log(JSON.stringify(recipeJsonSchema(), undefined, 2));
  else if (what === "settings") console.log(settingsTable());
  else {
    const names = [...Object.keys(recipes), "schema", "settings"];
    command.error(
      `error: there is nothing named "${what}" to print.${suggestion(what, names)} Choose one of ${names.join(", ")}.`,
    );
  }
}
