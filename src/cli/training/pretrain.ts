/** `flava pretrain`: runs or resumes a recipe. */
import { counted } from "../../base/counted.js";
import { join } from "node:path";
import type { Command } from "commander";
import { cacheDirectory } from "../../base/cache.js";
import { suggestion } from "../../base/suggestion.js";
import { readRecipe } from "../../configs/read-recipe.js";
import { recipeJsonSchema, schemaName, settingsTable } from "../../configs/recipe-document.js";
import { recipes } from "../../configs/recipes.js";
import type { ZeroStage } from "../../optim/zero.js";
import { isFirst } from "../../parallel/agreement.js";
import { refuseIgnored } from "../ignored-options.js";
import { change } from "../given-twice.js";
import { printJson } from "../json.js";
import { sharedRun } from "./shared-run.js";
import { runRestarting } from "./restarts.js";
import {
  type TrainingFlags,
  type TrainingRun,
  addTrainingOptions,
  trainingRun,
} from "./training-run.js";
import { backendOptions } from "../model-option.js";
import { outputFile } from "../output-path.js";
import { wholeNumberFrom } from "../whole-number.js";

interface PretrainFlags extends TrainingFlags {
  readonly out?: string;
  readonly stage?: string[];
  readonly start?: string;
  readonly print?: string;
  readonly set?: string[];
  readonly overfit?: number;
  readonly dryRun?: boolean;
  readonly peek?: string;
  readonly allowChanges?: boolean;
}

export function addPretrain(program: Command): void {
  const command = program
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
    .option("--set <path=value...>", "change the recipe, such as stages.joint.steps=100", change)
    .option(
      "--overfit <n>",
      "train on only n samples of each set, as a check, in the separate directory overfit-<n>",
      wholeNumberFrom(1),
    )
    .option("--dry-run", "only check data, memory, time and disk space")
    .option(
      "--peek <file.html>",
      "like --dry-run, and write a page with the first batches as the model will see them",
      outputFile([".html"], { replace: true }),
    )
    .option(
      "--allow-changes",
      "continue a run even if its settings have changed, or extend a finished stage",
    )
    .action(run);
  addTrainingOptions(command);
}

async function run(
  name: string | undefined,
  flags: PretrainFlags,
  command: Command,
): Promise<void> {
  const { set = [], stage: only, start, overfit, allowChanges, dryRun, peek, workers } = flags;
  if (flags.print !== undefined) {
    print(flags.print, name, command);
    return;
  }
  if (name === undefined) return command.error("error: missing required argument 'recipe'");
  if (flags.launch !== undefined || flags.restarts !== undefined) {
    process.exitCode = await runRestarting(flags);
    return;
  }
  if (dryRun || peek !== undefined)
    refuseIgnored(command, ["overfit", "allowChanges"], "does not go with --dry-run or --peek");
  const changes = start === undefined ? set : [...set, `start=${JSON.stringify(start)}`];
  const recipe = await readRecipe(name, changes);
  const directory = flags.out ?? join(cacheDirectory(), "runs", recipe.name);
  const work = async ({ show, ...run }: TrainingRun): Promise<void> => {
    const options = {
      ...run,
      ...{ recipe, directory, workers },
      zero: Number(flags.zero) as ZeroStage,
      onIndexed: (samples: number, source: string) =>
        show(`Indexing ${source}: ${counted(samples, "sample")}`),
      ...(only && { only }),
    };
    let result: object;
    // Much code, which --help, --print and --launch do without.
    if (dryRun || peek !== undefined) {
      const { dryRun: check } = await import("../../train/dry-run.js");
      result = { seconds: await check({ ...options, ...(peek !== undefined && { peek }) }) };
    } else {
      const { pretrain } = await import("../../train/pretrain.js");
      const ending = await pretrain({
        ...options,
        ...(overfit !== undefined && { overfit }),
        ...(allowChanges && { allowChanges }),
      });
      result = { ending };
    }
    if (flags.json && isFirst(run.backend.communicator)) printJson({ directory, ...result });
  };
  const write = flags.json ? console.error : console.log;
  await sharedRun(
    flags,
    (joined) => trainingRun(work, backendOptions({ ...joined, ...flags }), joined.write),
    write,
  );
}

/** Prints a recipe to start one's own from, or what can be set in one. */
function print(what: string, name: string | undefined, command: Command): void {
  const others = command.options.map((option) => option.attributeName());
  refuseIgnored(
    command,
    others.filter((option) => option !== "print" && option !== "json"),
    "does not go with --print, which prints what ships",
  );
  if (name !== undefined) command.error("error: --print names the recipe; leave out the other one");
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
