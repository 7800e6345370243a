/** Scores a task after fine-tuning on its training part, by the paper's settings (flava.md 5.3, 8.3 and 8.5). */
import { join } from "node:path";
import { predictorOf } from "../api/predict.js";
import { foldIn } from "../base/random.js";
import { loadModel } from "../checkpoint/load-model.js";
import { checkFinetuningRecipe } from "../configs/finetuning-recipe.js";
import { finetuningRecipes } from "../configs/finetuning-recipes.js";
import { SkippedSamples } from "../data/batch/skipped.js";
import type { LabeledSample } from "../data/labeled-sample.js";
import type { LabeledSource } from "../data/labeled-source.js";
import type { Interval } from "../eval/bootstrap.js";
import { evaluateTask } from "../eval/evaluate-task.js";
import type { EvaluatorContext } from "../eval/evaluators/embed-images.js";
import { mean } from "../eval/metrics.js";
import type { MetricName } from "../eval/tasks/metric-name.js";
import type { OpenedTask } from "../eval/tasks/open-task.js";
import type { LabeledTask } from "../eval/tasks/task.js";
import type { Precision } from "../nn/precision.js";
import { finetune } from "../train/finetune.js";
import type { Measured } from "./run-task.js";

/** The model to fine-tune, and where its runs are kept. */
export interface FinetuneTaskOptions {
  readonly model: { readonly path: string; readonly precision: Precision };
  /** Has the directory of each task's run, which is continued. */
  readonly runs: string;
  readonly onNotice: (sentence: string) => void;
}

/** The names of measures in the paper's table. */
const metricNames = new Map<string, MetricName>([
  ["accuracy", "accuracy"],
  ["F1", "F1"],
  ["Matthews correlation", "Matthews"],
  ["Pearson", "Pearson"],
  ["Spearman", "Spearman"],
  ["AUROC", "AUROC"],
  ["answer score", "VQA accuracy"],
]);

/**
 * Fine-tunes the model, unless that was done before, and scores it on each test part; with several, such as MNLI's two, scores
 * are averaged. The best model is chosen on the validation part; without one on the first test part, as is usual for GLUE.
 */
export async function finetuneTask(
  { name, title, inputs }: LabeledTask,
  { train, validation, test }: OpenedTask<LabeledSource>,
  { model, runs, onNotice }: FinetuneTaskOptions,
  context: EvaluatorContext,
): Promise<Measured> {
  const { backend, signal, key } = context;
  const skipped = new SkippedSamples();
  const [samples, held] = [
    await samplesOf(train[0] ?? [], skipped),
    await samplesOf(validation.length > 0 ? validation : test.slice(0, 1), skipped),
  ];
  const kind = inputs === "image and text" ? "multimodal" : inputs === "image" ? "image" : "text";
  const settings = finetuningRecipes[name] ?? finetuningRecipes[kind]!;
  const target = samples[0]?.target?.kind;
  const recipe = checkFinetuningRecipe({ ...settings, ...(target && { target }) }, name);
  const directory = join(runs, name);
  onNotice(`${title}: fine-tuning in ${directory}.`);
  const { model: tuned } = await finetune({
    ...{ recipe, model: model.path, train: samples, validation: held, directory, backend },
    workers: 1,
    log: (line) => onNotice(`${title}: ${line}`),
    ...(signal && { signal }),
  });
  signal?.throwIfAborted();
  const loaded = await loadModel(tuned!, backend);
  const predictor = predictorOf({ ...loaded, backend, precision: model.precision }, {})!;
  try {
    const scored = [];
    for (const part of test) {
      const own = await samplesOf([part], skipped);
      const options = { key: foldIn(key, part.name), ...(signal && { signal }) };
      const evaluation = await evaluateTask(part.name, own, predictor, options);
      skipped.addAll(evaluation.skipped);
      context.advance(own.length);
      scored.push(evaluation);
    }
    const count = scored.reduce((sum, { samples: own }) => sum + own, 0);
    return {
      metrics: metricsOf(scored.map(({ measures }) => measures)),
      samples: { train: samples.length, test: count },
      notes: [
        ...(validation.length === 0
          ? ["The best model was chosen by the part that is scored."]
          : []),
        ...(skipped.total > 0 ? [`${skipped.summary(samples.length + count)}.`] : []),
      ],
    };
  } finally {
    await predictor.close();
    loaded.state.dispose();
  }
}

/** Measures by the paper's names, averaged over the test parts. */
function metricsOf(parts: readonly Readonly<Record<string, Interval>>[]): Measured["metrics"] {
  const found = [...metricNames].flatMap(([measure, name]) => {
    const values = parts.flatMap((part) => part[measure] ?? []);
    if (values.length === 0) return [];
    const over = (field: keyof Interval): number => mean(values.map((value) => value[field]));
    const count = values.reduce((sum, value) => sum + value.count, 0);
    return [[name, { mean: over("mean"), low: over("low"), high: over("high"), count }] as const];
  });
  return Object.fromEntries(found);
}

/** All samples of some parts; images stay in their files where they can. */
async function samplesOf(
  parts: readonly LabeledSource[],
  skipped: SkippedSamples,
): Promise<LabeledSample[]> {
  const samples: LabeledSample[] = [];
  for (const part of parts) for await (const sample of part.read(skipped)) samples.push(sample);
  return samples;
}
