/** Scores a task after fine-tuning on its training part, by the paper's settings (flava.md 5.3, 8.3 and 8.5). */
import { join } from "node:path";
import { predictorOf } from "../api/predict.js";
import { foldIn } from "../base/random.js";
import { loadModel } from "../checkpoint/load-model.js";
import { type FinetuningRecipe, checkFinetuningRecipe } from "../configs/finetuning-recipe.js";
import { finetuningRecipeNamed, finetuningRecipes } from "../configs/finetuning-recipes.js";
import { SkippedSamples } from "../data/batch/skipped.js";
import type { LabeledSample } from "../data/labeled-sample.js";
import type { LabeledSource } from "../data/labeled-source.js";
import { evaluateTask } from "../eval/evaluate-task.js";
import type { EvaluatorContext } from "../eval/evaluators/embed-images.js";
import type { OpenedTask } from "../eval/tasks/open-task.js";
import type { LabeledTask } from "../eval/tasks/task.js";
import type { Precision } from "../nn/precision.js";
import { finetune } from "../train/finetune.js";
import { finetuningData } from "./finetuning-data.js";
import { readSamples } from "./labeled-images.js";
import { meanMetrics } from "./mean-metrics.js";
import type { Measured } from "./run-task.js";

/** The model to fine-tune, and where its runs are kept. */
export interface FinetuneTaskOptions {
  readonly model: { readonly path: string; readonly precision: Precision };
  /** Has the directory of each task's run, which is continued. */
  readonly runs: string;
  readonly onNotice: (sentence: string) => void;
}

/**
 * Fine-tunes the model, unless that was done before, and scores it on each test part; with several, such as MNLI's two, scores
 * are averaged. The best model is chosen on the validation part, or on samples held out of the training part; where the
 * task says so on the first test part.
 */
export async function finetuneTask(
  task: LabeledTask,
  opened: OpenedTask<LabeledSource>,
  { model, runs, onNotice }: FinetuneTaskOptions,
  context: EvaluatorContext,
): Promise<Measured> {
  const { name, title } = task;
  const { test, chosenByTest } = opened;
  const { backend, signal, key } = context;
  const skipped = new SkippedSamples();
  const data = await finetuningData(task, opened, skipped);
  const readsImages = task.inputs.startsWith("image");
  const check = (part: string, used: number): void => {
    if (context.requireAll && readsImages) skipped.requireAll(part, used);
  };
  check(opened.train[0]![0]!.name, data.train.length);
  const parts: { readonly name: string; readonly samples: readonly LabeledSample[] }[] = [];
  for (const [index, part] of test.entries()) {
    const isKnown = chosenByTest && index === 0; // the best model is chosen by it
    const samples = isKnown ? data.validation : await readSamples([part], skipped);
    parts.push({ name: part.name, samples });
    check(part.name, samples.length);
  }
  const recipe = recipeOf(task, data.train);
  const directory = join(runs, name);
  onNotice(`${title}: fine-tuning in ${directory}.`);
  const { model: tuned } = await finetune({
    ...{ recipe, model: model.path, ...data, directory, backend },
    workers: 1,
    log: (line) => onNotice(`${title}: ${line}`),
    ...(signal && { signal }),
  });
  signal?.throwIfAborted();
  const loaded = await loadModel(tuned!, backend);
  const predictor = predictorOf({ ...loaded, backend, precision: model.precision }, {})!;
  try {
    const scored = [];
    for (const { name: part, samples } of parts) {
      const options = { key: foldIn(key, part), ...(signal && { signal }) };
      const evaluation = await evaluateTask(part, samples, predictor, options);
      skipped.addAll(evaluation.skipped);
      check(part, samples.length);
      context.advance(samples.length);
      scored.push(evaluation);
    }
    const count = scored.reduce((sum, { samples: own }) => sum + own, 0);
    return {
      metrics: meanMetrics(scored.map(({ measures }) => measures)),
      samples: { train: data.train.length, test: count },
      notes: [
        ...(chosenByTest ? ["The best model was chosen by the part that is scored."] : []),
        ...(skipped.total > 0 ? [`${skipped.summary(data.train.length + count)}.`] : []),
      ],
      unusable: readsImages ? skipped.unusable : 0, // tables of the official files have broken rows
    };
  } finally {
    await predictor.close();
    loaded.state.dispose();
  }
}

function recipeOf(
  { name, recipe = name, inputs }: LabeledTask,
  [first]: readonly LabeledSample[],
): FinetuningRecipe {
  const kind = inputs === "image and text" ? "multimodal" : inputs === "image" ? "image" : "text";
  const settings = finetuningRecipeNamed(recipe) ?? finetuningRecipes[kind];
  return checkFinetuningRecipe(
    { ...settings, ...(first?.target && { target: first.target.kind }) },
    name,
  );
}
