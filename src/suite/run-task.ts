/** Scores a task: linear probes and zero-shot retrieval by the paper's protocol (flava.md 8.2 and 8.4). */
import { foldIn } from "../base/random.js";
import type { SkippedSamples } from "../data/batch/skipped.js";
import { type Interval, bootstrap, bootstrapMetric } from "../eval/bootstrap.js";
import type { EvaluatorContext } from "../eval/evaluators/embed-images.js";
import { evaluateLinearProbe } from "../eval/evaluators/linear-probe.js";
import { evaluateRetrieval } from "../eval/evaluators/retrieval.js";
import { evaluateZeroShot } from "../eval/evaluators/zero-shot.js";
import { hitsWithin, meanPerClass } from "../eval/metrics.js";
import type { Recall } from "../eval/retrieval.js";
import type { MetricName } from "../eval/tasks/metric-name.js";
import type { OpenedTask } from "../eval/tasks/open-task.js";
import type { LabeledTask, RetrievalTask } from "../eval/tasks/task.js";
import type { LabeledSource } from "../data/labeled-source.js";
import type { SampleSource } from "../data/formats/source.js";
import { labeledImages } from "./labeled-images.js";
import type { TaskScores } from "./outcome.js";
import { retrievalBaselines } from "./task-baselines.js";

/** What a run measures. */
export interface Measured extends Pick<TaskScores, "metrics" | "baselines" | "samples" | "notes"> {
  /** Number of samples that are missing or damaged. */
  readonly unusable: number;
}

/**
 * Fits a probe to each list of training parts and scores it on the test parts. With several lists, such as STL10's folds, the
 * scores of each image are averaged. Where the task has prompts, the test images are also classified by these.
 */
export async function probeTask(
  task: LabeledTask,
  { train, validation, test }: OpenedTask<LabeledSource>,
  context: EvaluatorContext,
): Promise<Measured> {
  const { classes } = task;
  const labeled = { kind: "linear probe", name: task.title, classes, labels: classes } as const;
  const notes: string[] = [];
  let sums: Float64Array | undefined;
  let labels = new Int32Array(0);
  let [fitted, unusable] = [0, 0];
  for (const [fold, parts] of train.entries()) {
    const evaluation = await evaluateLinearProbe(
      {
        ...labeled,
        namedBy: "labels",
        train: labeledImages(parts),
        ...(validation.length > 0 && { validation: labeledImages(validation) }),
        source: labeledImages(test),
      },
      context,
    );
    const hits = hitsWithin(evaluation.result.ranks, 1);
    const earlier = (sums ??= new Float64Array(hits.length));
    for (const [item, hit] of hits.entries()) earlier[item]! += hit / train.length;
    labels = Int32Array.from(evaluation.labels);
    fitted = Math.max(fitted, evaluation.fitted);
    const { converged, lambda } = evaluation.search.probe;
    const name = train.length > 1 ? `Fold ${fold + 1}: lambda` : "Lambda";
    notes.push(`${name} ${lambda.toPrecision(2)}${converged ? "" : ", not converged"}.`);
    if (fold > 0) continue; // folds read the same images
    notes.push(...leftOut(evaluation.skipped, fitted + labels.length));
    ({ unusable } = evaluation.skipped);
  }
  const zeroShot = await zeroShotAccuracy(task, test, context);
  const scores = sums!;
  const perClass = (items: Int32Array): number => meanPerClass(scores, labels, items);
  const { key } = context;
  return {
    metrics: {
      accuracy: bootstrap(scores, foldIn(key, "accuracy")),
      "mean per class": bootstrapMetric(labels.length, perClass, foldIn(key, "mean per class")),
      ...(zeroShot && { "zero-shot accuracy": zeroShot }),
    },
    samples: { test: labels.length, train: fitted },
    notes,
    unusable,
  };
}

/** Whether a task's test images are also classified by prompts. */
export const hasPrompts = ({ templates = [] }: LabeledTask): boolean => templates.length > 0;

/** Zero-shot classification of the test images by the task's prompts (flava.md 8.1); undefined if it has none. */
async function zeroShotAccuracy(
  task: LabeledTask,
  test: readonly LabeledSource[],
  context: EvaluatorContext,
): Promise<Interval | undefined> {
  const { title: name, classes, templates = [] } = task;
  if (!hasPrompts(task)) return undefined;
  const source = labeledImages(test);
  const labeled = { classes, labels: classes, namedBy: "labels", templates } as const;
  const { result } = await evaluateZeroShot(
    { kind: "zero-shot", name, source, ...labeled },
    context,
  );
  return result.top1;
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
