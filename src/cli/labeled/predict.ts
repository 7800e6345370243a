/** `flava predict`: predictions of a fine-tuned model for texts, images, or whole tables. */
import { existsSync } from "node:fs";
import type { Command } from "commander";
import type { Flava } from "../../api/flava.js";
import { type PredictInput, type Prediction, predictionOf } from "../../api/predict.js";
import { answersForImages } from "../../api/readable-images.js";
import { isDirectory, isFile } from "../../base/exists.js";
import { replaceFile } from "../../base/replace-file.js";
import { SkippedSamples } from "../../data/batch/skipped.js";
import type { Image } from "../../data/image/image.js";
import { isDataName } from "../../data/labeled/labeled-rows.js";
import { readLabeled } from "../../data/labeled/read-labeled.js";
import { rowPart } from "../../data/labeled/split-column.js";
import { predictSamples } from "../../inference/predict-samples.js";
import type { Task } from "../../model/task.js";
import { expandFilePatterns } from "../file-patterns.js";
import { refuseIgnored } from "../ignored-options.js";
import { interruptible } from "../interruptible.js";
import { type JsonFlag, jsonOption, printJson } from "../json.js";
import { type LabeledFlags, addLabeledOptions, columnsOf, readOptions } from "./labeled-options.js";
import { type ModelFlags, addComputeOptions, useModel } from "../model-option.js";
import { outputFile } from "../output-path.js";
import { alignedPercent } from "../percent.js";
import { ProgressLine, pace } from "../progress.js";
import { wholeNumberFrom } from "../whole-number.js";

interface PredictFlags extends Omit<ModelFlags, "model">, LabeledFlags, JsonFlag {
  readonly top: number;
  readonly out?: string;
}

export function addPredict(program: Command): void {
  const command = program
    .command("predict")
    .description("predict with a fine-tuned model")
    .argument("<model>", "a directory that flava finetune has written")
    .argument(
      "<inputs...>",
      "texts or image files, as the model reads them: pairs of texts as two inputs each, image and text likewise; or tables, parquet files and folders of images",
    )
    .option("--top <n>", "number of labels to give for each input", wholeNumberFrom(1), 5)
    .option(
      "--out <file.jsonl>",
      "write the predictions to a file, one line each",
      outputFile([".jsonl"], { replace: true }),
    )
    .addOption(jsonOption())
    .action(run);
  addLabeledOptions(addComputeOptions(command));
}

/** An input and what was predicted for it. */
interface Result {
  readonly input: string;
  readonly prediction: Prediction;
}

/** Options that say how data sets are read. */
const attributesOfSets: readonly (keyof LabeledFlags)[] = [
  ...(["text", "textPair", "image", "label"] as const),
  ...(["imageRoot", "separator", "quotes", "maxSamples"] as const),
];

async function run(
  model: string,
  inputs: readonly string[],
  flags: PredictFlags,
  command: Command,
): Promise<void> {
  const areSets = await Promise.all(inputs.map(isSet));
  if (!areSets.some(Boolean))
    refuseIgnored(command, attributesOfSets, "is for tables, parquet files and folders");
  const progress = new ProgressLine();
  const results = await useModel({ ...flags, model }, (flava) =>
    interruptible("Stopped; nothing was written.", (signal) =>
      predictAll(flava, { inputs, areSets }, flags, { progress, signal }),
    ),
  ).finally(() => progress.end());
  const shown = results.map((result) => ({ input: result.input, ...shortened(result, flags.top) }));
  if (flags.out !== undefined) {
    await replaceFile(flags.out, shown.map((line) => `${JSON.stringify(line)}\n`).join(""));
    console.error(`${flags.out}: ${shown.length} predictions`);
  }
  if (flags.json) printJson(shown);
  else if (flags.out === undefined) for (const line of lines(results, flags.top)) console.log(line);
}

interface Watch {
  readonly progress: ProgressLine;
  readonly signal: AbortSignal;
}

/** Whether an input is a table, a Parquet file, some of their rows or a folder, rather than a text or an image. */
async function isSet(path: string): Promise<boolean> {
  const part = await rowPart(path);
  const file = part?.path ?? path;
  return (isDataName(file) && existsSync(file)) || isDirectory(file);
}

async function predictAll(
  flava: Flava,
  { inputs, areSets }: { readonly inputs: readonly string[]; readonly areSets: readonly boolean[] },
  flags: PredictFlags,
  watch: Watch,
): Promise<Result[]> {
  const { task } = flava.predictor;
  const missing = inputs.find((path, index) => isDataName(path) && !areSets[index]);
  if (missing !== undefined) {
    throw new Error(
      `There is no file ${missing}. To predict for a text that ends like the name of a table, put it into one.`,
    );
  }
  if (areSets.some(Boolean)) return predictSets(flava, inputs, flags, watch);
  if (task.encoder === "image") return predictImages(flava, inputs, watch);
  const { progress, signal } = watch;
  const paceOf = pace("input");
  const asked = await askedOf(inputs, task);
  const predictions = await flava.predict(
    asked.map(({ question }) => question),
    { signal, onProgress: (done, total) => done < total && progress.show(paceOf(done, total)) },
  );
  return asked.map(({ input }, index) => ({ input, prediction: predictions[index]! }));
}

/** Predicts for image files, leaving out and reporting those that cannot be used. */
async function predictImages(
  flava: Flava,
  patterns: readonly string[],
  { progress, signal }: Watch,
): Promise<Result[]> {
  const paths = await expandFilePatterns(patterns);
  const skipped = new SkippedSamples();
  const paceOf = pace("image");
  const predict = (images: readonly Image[]): Promise<Prediction[]> =>
    flava.predict(
      images.map((image) => ({ image })),
      { signal },
    );
  const onProgress = (done: number, total: number): void => progress.show(paceOf(done, total));
  const found = await answersForImages(paths, predict, { skipped, onProgress });
  progress.end();
  if (skipped.total > 0) console.error(`flava: ${skipped.summary(found.length)}`);
  return found.map(({ path, answer }) => ({ input: path, prediction: answer }));
}

/** Groups inputs as a task with texts reads them: an image, a text, the second text of a pair. */
async function askedOf(
  inputs: readonly string[],
  { encoder, pairs }: Task,
): Promise<{ readonly input: string; readonly question: PredictInput }[]> {
  const names = [...(encoder === "text" ? [] : ["image"]), "text", ...(pairs ? ["textPair"] : [])];
  for (const [index, text] of inputs.entries()) {
    if (names[index % names.length] === "image" || !(await isFile(text))) continue;
    throw new Error(
      `${text} is a file, where this model reads a text. Give the text itself, or a table of texts (.csv, .tsv, .jsonl, .parquet).`,
    );
  }
  if (inputs.length % names.length !== 0) {
    const words = names.map((name) => (name === "textPair" ? "the second text" : name));
    throw new Error(
      `This model reads ${words.join(", ")}: give ${names.length} inputs for each prediction, not ${inputs.length} in all.`,
    );
  }
  return Array.from({ length: inputs.length / names.length }, (_, index) => {
    const own = inputs.slice(index * names.length, (index + 1) * names.length);
    const question = Object.fromEntries(own.map((value, place) => [names[place]!, value]));
    return { input: own.join(" | "), question };
  });
}

/** Predicts all samples of tables, Parquet files and folders, by the columns that the model was fine-tuned on. */
async function predictSets(
  { predictor }: Flava,
  paths: readonly string[],
  flags: PredictFlags,
  { progress, signal }: Watch,
): Promise<Result[]> {
  const { task } = predictor;
  const results: Result[] = [];
  for (const path of paths) {
    const { columns, ...options } = readOptions(flags, task.labels.kind);
    const own = { ...columnsOf(columns, task), label: undefined };
    const { samples, skipped: left } = await readLabeled(path, {
      ...{ ...options, columns: own },
      folderLabels: false,
    });
    const skipped = new SkippedSamples();
    skipped.addAll(left);
    const paceOf = pace("sample");
    const onProgress = (done: number): void => progress.show(paceOf(done, samples.length));
    const predicted = await predictSamples(predictor, samples, { skipped, onProgress, signal });
    progress.end();
    skipped.requireUsed(path, predicted.length);
    if (skipped.total > 0) console.error(`flava: ${path}: ${skipped.summary(predicted.length)}`);
    for (const { sample, outputs } of predicted) {
      const input = paths.length === 1 ? sample.key : `${path}:${sample.key}`;
      results.push({ input, prediction: predictionOf(outputs, task.labels) });
    }
  }
  return results;
}

/** A prediction with its best labels alone. */
function shortened({ prediction }: Result, top: number): Prediction {
  return "value" in prediction
    ? prediction
    : { ...prediction, labels: prediction.labels.slice(0, top) };
}

/** The best labels of a single input, one per line, or the best one of each of several inputs. */
function lines(results: readonly Result[], top: number): string[] {
  const [only, ...others] = results;
  if (only && others.length === 0 && !("value" in only.prediction)) {
    const { labels } = only.prediction;
    return labels
      .slice(0, top)
      .map(({ label, probability }) => `${alignedPercent(probability)}  ${label}`);
  }
  return results.map(({ input, prediction }) =>
    "value" in prediction
      ? `${input}\t${prediction.value.toPrecision(6)}`
      : `${input}\t${prediction.label}\t${alignedPercent(prediction.probability)}`,
  );
}
