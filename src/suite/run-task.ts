/** Scores a task: linear probes and zero-shot retrieval by the paper's protocol (flava.md 8.2 and 8.4). */
import { foldIn } from "../base/random.js";
import type { SkippedSamples } from "../data/batch/skipped.js";
import { type Interval, bootstrap, bootstrapMetric } from "../eval/bootstrap.js";
import type { EvaluatorContext } from "../eval/evaluators/embed-images.js";
import { embedTexts } from "../eval/evaluators/embed-texts.js";
import {
  type LinearProbeEvaluation,
  evaluateLinearProbe,
} from "../eval/evaluators/linear-probe.js";
import { evaluateRetrieval } from "../eval/evaluators/retrieval.js";
import { readRows } from "../eval/embedding-store.js";
import { hitsWithin, meanPerClass } from "../eval/metrics.js";
import type { Recall } from "../eval/retrieval.js";
import type { MetricName } from "../eval/tasks/metric-name.js";
import type { OpenedTask } from "../eval/tasks/open-task.js";
import type { LabeledTask, RetrievalTask } from "../eval/tasks/task.js";
import { classifyZeroShot } from "../eval/zero-shot.js";
import { embedClasses } from "../inference/prompts.js";
import type { LabeledSource } from "../data/labeled-source.js";
import type { SampleSource } from "../data/formats/source.js";
import { labeledImages } from "./labeled-images.js";
import type { TaskScores } from "./outcome.js";
import { imageBaselines, retrievalBaselines } from "./task-baselines.js";

/** What a run measures. */
export interface Measured extends Pick<TaskScores, "metrics" | "baselines" | "samples" | "notes"> {
  /** Number of samples that are missing or damaged. */
  readonly unusable: number;
}

/**
 * Fits a probe to each list of training parts and scores it on the test parts. With several lists, such as STL10's folds, the
 * scores of each image are averaged. Where the task has prompts, the test images are also classified by these; where gradient
 * histograms are kept, there are baselines.
 */
export async function probeTask(
  task: LabeledTask,
  { train, validation, test }: OpenedTask<LabeledSource>,
  context: EvaluatorContext,
): Promise<Measured> {
  const { title: name, classes } = task;
  const { key, stores } = context;
  const probe = (parts: readonly LabeledSource[]): Promise<LinearProbeEvaluation> => {
    const set = {
      kind: "linear probe",
      name,
      classes,
      labels: classes,
      namedBy: "labels",
    } as const;
    const sources = { train: labeledImages(parts), source: labeledImages(test) };
    const choosing = validation.length > 0 && { validation: labeledImages(validation) };
    return evaluateLinearProbe({ ...set, ...sources, ...choosing }, context);
  };
  const first = await probe(train[0]!);
  const folds = [first];
  for (const parts of train.slice(1)) folds.push(await probe(parts));
  const { labels, skipped } = first; // folds read the same test images
  const scores = new Float64Array(labels.length);
  for (const { result } of folds)
    for (const [item, hit] of hitsWithin(result.ranks, 1).entries())
      scores[item]! += hit / folds.length;
  const zeroShot = await zeroShotAccuracy(task, first, context);
  const perClass = (items: Int32Array): number => meanPerClass(scores, labels, items);
  return {
    metrics: {
      accuracy: bootstrap(scores, foldIn(key, "accuracy")),
      "mean per class": bootstrapMetric(labels.length, perClass, foldIn(key, "mean per class")),
      ...(zeroShot && { "zero-shot accuracy": zeroShot }),
    },
    ...(stores.gradients && {
      baselines: await imageBaselines(task, first, stores.gradients, context),
    }),
    samples: { test: labels.length, train: Math.max(...folds.map(({ fitted }) => fitted)) },
    notes: [...lambdasOf(folds), ...leftOut(skipped, first.fitted + labels.length)],
    unusable: skipped.unusable,
  };
}

const lambdasOf = (folds: readonly LinearProbeEvaluation[]): string[] =>
  folds.map(({ search: { probe } }, fold) => {
    const name = folds.length > 1 ? `Fold ${fold + 1}: lambda` : "Lambda";
    return `${name} ${probe.lambda.toPrecision(2)}${probe.converged ? "" : ", not converged"}.`;
  });

/**
 * Zero-shot classification of the test images by the task's prompts (flava.md 8.1), whose embeddings follow from the features
 * that the probe reads; undefined if there are no prompts.
 */
async function zeroShotAccuracy(
  { classes, templates = [] }: LabeledTask,
  { parts: { test } }: LinearProbeEvaluation,
  context: EvaluatorContext,
): Promise<Interval | undefined> {
  if (templates.length === 0) return undefined;
  const { embedder, backend, key, signal, stores } = context;
  const { width } = embedder;
  const features = await readRows(stores.features, test.digests);
  const images = await embedder.projectedImages(features, { signal });
  const prompts = await embedClasses(classes, templates, width, (texts) =>
    embedTexts(context, texts),
  );
  const inputs = { images, labels: test.labels, classes: prompts, width };
  const { top1 } = await classifyZeroShot(backend, inputs, { key, signal });
  return top1;
}

/** Retrieval in both directions among all images and all their captions, where equal captions count one by one. */
export async function retrievalTask(
  task: RetrievalTask,
  { test }: OpenedTask<SampleSource>,
  context: EvaluatorContext,
  withBaselines: boolean,
): Promise<Measured> {
  const set = { kind: "retrieval", name: task.title, source: test[0]!, eachText: true } as const;
  const evaluation = await evaluateRetrieval(set, context);
  const { keys, result, skipped } = evaluation;
  const recalls = (name: "text" | "image", { at1, at5, at10 }: Recall) =>
    ({ [`${name} R@1`]: at1, [`${name} R@5`]: at5, [`${name} R@10`]: at10 }) as Partial<
      Record<MetricName, Interval>
    >;
  return {
    metrics: {
      ...recalls("text", result.imageToText.all),
      ...recalls("image", result.textToImage.all),
    },
    ...(withBaselines && { baselines: retrievalBaselines(evaluation, context) }),
    samples: { test: keys.length, train: 0 },
    notes: leftOut(skipped, keys.length),
    unusable: skipped.unusable,
  };
}

function leftOut(skipped: SkippedSamples, used: number): string[] {
  return skipped.total > 0 ? [`${skipped.summary(used)}.`] : [];
}
