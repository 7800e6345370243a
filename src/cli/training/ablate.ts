/** `flava ablate`: trains and evaluates the models that the paper compares. */
import { counted } from "../../base/counted.js";
import { join } from "node:path";
import type { Command } from "commander";
import { cacheDirectory } from "../../base/cache.js";
import { isDirectory } from "../../base/exists.js";
import { suggestion } from "../../base/suggestion.js";
import { ablationRecipe, ablationSteps, ablations } from "../../configs/ablations/ablations.js";
import { changeRecipe } from "../../configs/change-recipe.js";
import { checkRecipe } from "../../configs/recipe.js";
import { miniTasks } from "../../eval/tasks/mini/mini-tasks.js";
import { ablationMarkdown } from "../../suite/ablations/report.js";
import { planAblations, runAblations } from "../../suite/ablations/run-ablations.js";
import { change } from "../given-twice.js";
import { type JsonFlag, jsonOption, printJson } from "../json.js";
import {
  type BackendFlags,
  backendOption,
  backendOptions,
  threadsOption,
} from "../model-option.js";
import { outputDirectory } from "../output-path.js";
import { wholeNumberFrom } from "../whole-number.js";
import { trainingRun, workersOption } from "./training-run.js";

interface AblateFlags extends BackendFlags, JsonFlag {
  readonly out?: string;
  readonly seeds: number;
  readonly steps: number;
  readonly stage?: string[];
  readonly set?: string[];
  readonly data?: string;
  readonly finetune?: boolean;
  readonly dryRun?: boolean;
  readonly workers: number;
}

export function addAblate(program: Command): void {
  program
    .command("ablate")
    .description(
      "train the models of the paper's comparisons at equal cost, with several seeds, and evaluate them; resumes if interrupted",
    )
    .option(
      "--out <directory>",
      "directory of all runs; default: runs/ablations in the cache",
      outputDirectory,
    )
    .option("--seeds <n>", "number of seeds", wholeNumberFrom(1), 3)
    .option(
      "--steps <n>",
      "steps of the model with all losses; those of the others follow",
      wholeNumberFrom(1),
      ablationSteps,
    )
    .option("--stage <name...>", `only these stages: codebook, ${names().join(", ")}`)
    .option("--set <path=value...>", "change the recipe, such as data.root=path/to/data", change)
    .option(
      "--data <directory>",
      "has a folder for each task; default: what flava data build has built",
    )
    .option("--finetune", "fine-tune for the tasks that need it, most of them language; takes long")
    .option("--dry-run", "only check data, memory, time and disk space")
    .addOption(workersOption())
    .addOption(backendOption())
    .addOption(threadsOption())
    .addOption(jsonOption())
    .action(run);
}

const names = (): string[] => ablations.map(({ stage }) => stage);

async function run(flags: AblateFlags, command: Command): Promise<void> {
  const { seeds, steps, stage: only, set = [], finetune, dryRun, workers, json } = flags;
  const unknown = only?.find((name) => name !== "codebook" && !names().includes(name));
  if (unknown !== undefined) {
    command.error(
      `error: there is no stage "${unknown}".${suggestion(unknown, names())} Choose among codebook, ${names().join(", ")}.`,
    );
  }
  const recipe = set.reduce<unknown>(changeRecipe, ablationRecipe(steps));
  const directory = flags.out ?? join(cacheDirectory(), "runs", "ablations");
  const data = flags.data ?? join(cacheDirectory(), "pmd", "evaluation");
  if (!(await isDirectory(data))) {
    throw new Error(
      `There is no ${data} with tasks. Name another directory (--data), or run flava data build.`,
    );
  }
  const tasks = await miniTasks(data);
  const write = json ? console.error : console.log;
  const result = await trainingRun(
    async ({ show, ...run }) => {
      const options = {
        ...run,
        ...{
          recipe: checkRecipe(recipe, "The recipe of the ablations"),
          directory,
          data,
          tasks,
          workers,
        },
        seeds: Array.from({ length: seeds }, (_, seed) => seed),
        onIndexed: (samples: number, source: string) =>
          show(`Indexing ${source}: ${counted(samples, "sample")}`),
        ...(only && { only }),
        ...(finetune && { finetune }),
      };
      return dryRun ? { seconds: await planAblations(options) } : runAblations(options);
    },
    backendOptions(flags),
    write,
  );
  if (json && result) printJson(result);
  if (!result || "seconds" in result) return;
  if (!json) console.log(`\n${ablationMarkdown(result)}`);
  write(`${join(directory, "report.html")} has the table as a page.`);
}
