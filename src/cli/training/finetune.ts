/** `flava finetune`: fine-tunes a model on labeled data. */
import { counted, grouped } from "../../base/counted.js";
import { basename, extname, join, resolve } from "node:path";
import type { Command } from "commander";
import { shippedModel } from "../../api/load.js";
import { cacheDirectory } from "../../base/cache.js";
import { type FinetuningRecipe, checkFinetuningRecipe } from "../../configs/finetuning-recipe.js";
import { readRecipeInput } from "../../configs/read-recipe.js";
import { finetuningRecipeNamed, finetuningRecipes } from "../../configs/finetuning-recipes.js";
import { SkippedSamples } from "../../data/batch/skipped.js";
import { isKnown, labelsOf } from "../../data/labeled/labels.js";
import { labeledParts } from "../../data/labeled/parts.js";
import { readLabeled } from "../../data/labeled/read-labeled.js";
import { splitByKey } from "../../data/labeled/split.js";
import { openTask } from "../../eval/tasks/open-task.js";
import type { LabeledTask } from "../../eval/tasks/task.js";
import type { ZeroStage } from "../../optim/zero.js";
import { type FinetuningData, finetuningData } from "../../suite/finetuning-data.js";
import { finetuneDryRun } from "../../train/finetune-dry-run.js";
import { finetune } from "../../train/finetune.js";
import { refuseIgnored } from "../ignored-options.js";
import { change } from "../given-twice.js";
import { printJson } from "../json.js";
import {
  type LabeledFlags,
  addLabeledOptions,
  describeLeftOut,
  describeLookalikes,
  readOptions,
} from "../labeled/labeled-options.js";
import { backendOptions } from "../model-option.js";
import { isFirst } from "../../parallel/agreement.js";
import { runRestarting } from "./restarts.js";
import { type JoinedRun, sharedRun } from "./shared-run.js";
import { type TrainingFlags, addTrainingOptions, trainingRun } from "./training-run.js";
import { wholeNumberFrom } from "../whole-number.js";

interface FinetuneFlags extends LabeledFlags, TrainingFlags {
  readonly recipe?: string;
  readonly validation?: string;
  readonly regression?: boolean;
  readonly model?: string;
  readonly out?: string;
  readonly seeds?: number;
  readonly imageSize?: number;
  readonly set?: string[];
  readonly dryRun?: boolean;
  readonly allowChanges?: boolean;
}

export function addFinetune(program: Command): void {
  const command = program
    .command("finetune")
    .description("fine-tune a model on labeled texts, images or both; resumes if interrupted")
    .argument(
      "<data>",
      "a table, a parquet file, a folder of these, a folder for each class, or the official files of a task of the paper",
    )
    .action(run);
  addLabeledOptions(command)
    .option("--regression", "predict numbers instead of classes")
    .option(
      "--validation <data>",
      "data like the training data, or the fraction of it to hold out; default: its own validation part, or 0.1",
    )
    .option(
      "--recipe <name>",
      `${Object.keys(finetuningRecipes).join(", ")}, or a .json file; default: text, image or multimodal, by the columns`,
    )
    .option("--set <path=value...>", "change the recipe, such as rate.peak=1e-4", change)
    .option("--seeds <n>", "number of runs with different seeds; default: 1", wholeNumberFrom(1))
    .option("--image-size <pixels>", "side of the images, such as 480", wholeNumberFrom(1))
    .option("--model <path>", "the model to start from; default: the one that ships")
    .option(
      "--out <directory>",
      "where the run is kept; default: runs/finetune-<data> in the cache",
    )
    .option(
      "--dry-run",
      "only read the data, and tell labels, settings, memory, time and disk space",
    )
    .option("--allow-changes", "continue a run although its settings or data have changed");
  addTrainingOptions(command);
}

async function run(path: string, flags: FinetuneFlags, command: Command): Promise<void> {
  await refuseIgnoredOptions(flags, command);
  if (flags.dryRun) refuseIgnored(command, ["allowChanges"], "does not go with --dry-run");
  if (flags.launch !== undefined || flags.restarts !== undefined) {
    process.exitCode = await runRestarting(flags);
    return;
  }
  const write = flags.json ? console.error : console.log;
  await sharedRun(flags, (joined) => runShared(path, flags, joined), write);
}

/** Refuses options that reading the data would not look at. */
async function refuseIgnoredOptions(flags: FinetuneFlags, command: Command): Promise<void> {
  const { text, image, recipe = "", validation = "" } = flags;
  const official = await officialTask(flags);
  if (official) {
    const own = `is not for the official files of ${official.title}; to read tables of your own, name their columns (--text, --image, --label)`;
    refuseIgnored(command, ["imageRoot", "separator", "quotes"], own);
    if (finetuningRecipeNamed(recipe)?.target !== "value")
      refuseIgnored(command, ["regression"], own);
  } else if (text === undefined && image === undefined) {
    const tables = ["textPair", "label", "imageRoot", "separator", "quotes"];
    refuseIgnored(command, tables, "is for tables, whose texts or images --text or --image names");
  } else {
    if (image === undefined) refuseIgnored(command, ["imageRoot"], "goes with --image");
    if (text === undefined) refuseIgnored(command, ["textPair"], "goes with --text");
  }
  if (setsShare(flags) && validation !== "" && !isFraction(validation))
    refuseIgnored(
      command,
      ["validation"],
      "names the data, so that no share (--set validation) is held out",
    );
}

/** Fine-tunes together with the processes that were started with this one. */
async function runShared(path: string, flags: FinetuneFlags, joined: JoinedRun): Promise<void> {
  const { model = shippedModel(), workers, allowChanges, dryRun, json } = flags;
  const { write } = joined;
  const recipe = await recipeOf(flags);
  const official = await officialTask(flags);
  const data = official
    ? await readOfficial(official, path, recipe, flags, write)
    : await readData(path, recipe, flags, write);
  const name = basename(resolve(path), extname(path));
  const directory = flags.out ?? join(cacheDirectory(), "runs", `finetune-${name}`);
  const { text, textPair, image, label } = flags;
  const columns = { text, textPair, image, label };
  const options = { ...data, ...{ recipe, model, directory, workers, columns } };
  const result = await trainingRun<object>(
    async ({ show: _, ...run }) => {
      const given = { ...run, ...options, zero: Number(flags.zero) as ZeroStage };
      return dryRun
        ? { directory, seconds: await finetuneDryRun(given) }
        : finetune({ ...given, ...(allowChanges && { allowChanges }) });
    },
    backendOptions({ ...joined, ...flags }),
    write,
  );
  if (json && isFirst(joined.processes)) printJson(result);
}

/** The recipe named, or that for the columns, with the changes that the flags make. */
async function recipeOf(flags: FinetuneFlags): Promise<FinetuningRecipe> {
  const { text, image, regression, seeds, imageSize, validation = "", set = [] } = flags;
  const fitting = text === undefined ? "image" : image === undefined ? "text" : "multimodal";
  const { recipe: name = fitting } = flags;
  const changes = [
    ...(regression ? ["target=value"] : []),
    ...(seeds === undefined ? [] : [`seeds=${JSON.stringify([...Array(seeds).keys()])}`]),
    ...(imageSize === undefined ? [] : [`imageSize=${imageSize}`]),
    ...(isFraction(validation) ? [`validation=${validation}`] : []),
  ];
  const input = await readRecipeInput(name, finetuningRecipes, [...changes, ...set]);
  const recipe = checkFinetuningRecipe(input, name);
  if (imageSize !== undefined && recipe.encoder === "text")
    throw new Error(`The recipe "${name}" reads texts alone: leave out --image-size.`);
  if (recipe.encoder === fitting || (await officialTask(flags))) return recipe;
  const needed = { text: "--text", image: "--image", multimodal: "--text and --image" };
  throw new Error(
    `The recipe "${name}" trains the ${recipe.encoder} encoder: name the columns that it reads (${needed[recipe.encoder]}), ` +
      `or take the recipe "${fitting}".`,
  );
}

/** The task of the paper whose official files are read: that of the recipe's name, if no columns are named. */
async function officialTask({
  recipe,
  text,
  textPair,
  image,
  label,
}: FinetuneFlags): Promise<LabeledTask | undefined> {
  if (recipe === undefined) return undefined;
  if ([text, textPair, image, label].some((column) => column !== undefined)) return undefined;
  const { flava35 } = await import("../../eval/tasks/flava35.js"); // much code: how the files of all tasks are read
  return flava35.find(
    (task): task is LabeledTask => task.kind === "fine-tuning" && task.name === recipe,
  );
}

/** The parts of a task that fine-tuning uses, in any layout of its files; what is left out of them is written. */
async function readOfficial(
  task: LabeledTask,
  folder: string,
  recipe: FinetuningRecipe,
  flags: FinetuneFlags,
  write: (line: string) => void,
): Promise<FinetuningData> {
  const { validation = "", maxSamples } = flags;
  if (validation !== "" && !isFraction(validation)) {
    throw new Error(
      `${task.title}'s own files say what is for validation: leave out --validation, or name the columns of your tables.`,
    );
  }
  const opened = await openTask(task, folder, { folder, incomplete: true });
  for (const odd of opened.oddParts) write(odd);
  const skipped = new SkippedSamples();
  const found = await finetuningData(task, opened, skipped, recipe.validation);
  const [train, choosing] = [found.train, found.validation].map((some) =>
    some.slice(0, maxSamples),
  );
  const parts = holdsOut(flags)
    ? splitByKey(train!, recipe.validation)
    : { train: train!, validation: choosing! };
  const data = { ...found, ...parts };
  const { length } = data.train;
  if (skipped.total > 0) write(`${task.title}: ${skipped.summary(length)}.`);
  write(
    `${task.title}: ${opened.layout} in ${folder}, ${counted(length, "sample")} to train on and ` +
      `${grouped(data.validation.length)} to choose the best model by.`,
  );
  return data;
}

const isFraction = (text: string): boolean => /^(0?\.\d+|0)$/.test(text);

/** Whether --set says what share of the training data is held out. */
const setsShare = ({ set = [] }: FinetuneFlags): boolean =>
  set.some((change) => change.startsWith("validation="));

/** Whether a share is asked for, be there a validation part or not. */
const holdsOut = (flags: FinetuneFlags): boolean =>
  isFraction(flags.validation ?? "") || setsShare(flags);

/** Training and validation data; what is left out of them is written. */
async function readData(
  path: string,
  recipe: FinetuningRecipe,
  flags: FinetuneFlags,
  write: (line: string) => void,
): Promise<FinetuningData> {
  const options = readOptions(flags, recipe.target);
  const { validation = "" } = flags;
  const parts = await labeledParts(path, options);
  const held = holdsOut(flags) ? undefined : validation === "" ? parts.validation : validation;
  const all = await readLabeled(parts.train, options);
  const own = held === undefined ? undefined : await readLabeled(held, options);
  const data = own
    ? { train: all.samples, validation: own.samples }
    : splitByKey(all.samples, recipe.validation);
  const labels = labelsOf(recipe.target, data.train, recipe.leastSamples);
  for (const set of own ? [all, own] : [all])
    for (const line of describeLeftOut(set, labels)) write(line);
  const alike = describeLookalikes(labels);
  if (alike !== undefined) write(alike);
  const [train, choosing] = [data.train, data.validation].map(
    (samples) => samples.filter(({ target }) => target && isKnown(labels, target)).length,
  );
  write(
    `${counted(train!, "sample")} of ${all.name} to train on, and ${grouped(choosing!)} ${own ? `of ${own.name}` : "held out of them"} ` +
      "to choose the best model by.",
  );
  return data;
}
