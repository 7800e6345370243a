/** `flava finetune`: fine-tunes a model on labeled data. */
import { basename, extname, join, resolve } from "node:path";
import type { Command } from "commander";
import { shippedModel } from "../../api/load.js";
import { cacheDirectory } from "../../base/cache.js";
import { type FinetuningRecipe, checkFinetuningRecipe } from "../../configs/finetuning-recipe.js";
import { readRecipeInput } from "../../configs/read-recipe.js";
import { finetuningRecipes } from "../../configs/finetuning-recipes.js";
import type { LabeledSample } from "../../data/labeled-sample.js";
import { labelsOf } from "../../data/labeled/labels.js";
import { type LabeledSet, labeledParts, readLabeled } from "../../data/labeled/read-labeled.js";
import { splitByKey } from "../../data/labeled/split.js";
import { finetune } from "../../train/finetune.js";
import { type JsonFlag, jsonOption, printJson } from "../json.js";
import {
  type LabeledFlags,
  addLabeledOptions,
  describeLeftOut,
  readOptions,
} from "../labeled/labeled-options.js";
import {
  type BackendFlags,
  backendOption,
  backendOptions,
  threadsOption,
} from "../model-option.js";
import { trainingRun, workersOption } from "./training-run.js";
import { wholeNumberFrom } from "../whole-number.js";

interface FinetuneFlags extends LabeledFlags, BackendFlags, JsonFlag {
  readonly recipe?: string;
  readonly validation?: string;
  readonly regression?: boolean;
  readonly model?: string;
  readonly out?: string;
  readonly seeds?: number;
  readonly imageSize?: number;
  readonly set?: string[];
  readonly allowChanges?: boolean;
  readonly workers: number;
}

export function addFinetune(program: Command): void {
  const command = program
    .command("finetune")
    .description("fine-tune a model on labeled texts, images or both; resumes if interrupted")
    .argument("<data>", "a table, a parquet file, a folder of these, or a folder for each class")
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
    .option("--set <path=value...>", "change the recipe, such as rate.peak=1e-4")
    .option("--seeds <n>", "number of runs with different seeds; default: 1", wholeNumberFrom(1))
    .option("--image-size <pixels>", "side of the images, such as 480", wholeNumberFrom(1))
    .option("--model <path>", "the model to start from; default: the one that ships")
    .option(
      "--out <directory>",
      "where the run is kept; default: runs/finetune-<data> in the cache",
    )
    .option("--allow-changes", "continue a run although its settings or data have changed")
    .addOption(workersOption())
    .addOption(backendOption())
    .addOption(threadsOption())
    .addOption(jsonOption());
}

async function run(path: string, flags: FinetuneFlags): Promise<void> {
  const { model = shippedModel(), workers, allowChanges, json } = flags;
  const recipe = await recipeOf(flags);
  const write = json ? console.error : console.log;
  const data = await readData(path, recipe, flags, write);
  const name = basename(resolve(path), extname(path));
  const directory = flags.out ?? join(cacheDirectory(), "runs", `finetune-${name}`);
  const { text, textPair, image, label } = flags;
  const result = await trainingRun(
    ({ show: _, ...run }) =>
      finetune({
        ...run,
        ...data,
        ...{ recipe, model, directory, workers, columns: { text, textPair, image, label } },
        ...(allowChanges && { allowChanges }),
      }),
    backendOptions(flags),
    write,
  );
  if (json) printJson(result);
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
  if (recipe.encoder === fitting) return recipe;
  const needed = { text: "--text", image: "--image", multimodal: "--text and --image" };
  throw new Error(
    `The recipe "${name}" trains the ${recipe.encoder} encoder: name the columns that it reads (${needed[recipe.encoder]}), ` +
      `or take the recipe "${fitting}".`,
  );
}

const isFraction = (text: string): boolean => /^(0?\.\d+|0)$/.test(text);

/** Training and validation data; what is left out of them is written. */
async function readData(
  path: string,
  recipe: FinetuningRecipe,
  flags: FinetuneFlags,
  write: (line: string) => void,
): Promise<{
  readonly train: readonly LabeledSample[];
  readonly validation: readonly LabeledSample[];
}> {
  const options = readOptions(flags, recipe.target);
  const { validation = "" } = flags;
  const parts = isFraction(validation) ? { train: path } : await labeledParts(path);
  const held = validation === "" || isFraction(validation) ? parts.validation : validation;
  const sets: LabeledSet[] = [await readLabeled(parts.train, options)];
  if (held !== undefined) sets.push(await readLabeled(held, options));
  const [all, own] = sets as [LabeledSet, LabeledSet?];
  const labels = labelsOf(recipe.target, all.samples, recipe.leastSamples);
  for (const set of sets) for (const line of describeLeftOut(set, labels)) write(line);
  return own
    ? { train: all.samples, validation: own.samples }
    : splitByKey(all.samples, recipe.validation);
}
