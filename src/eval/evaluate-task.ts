import { type Key, foldIn, keyOf } from "../base/random.js";
import { SkippedSamples } from "../data/batch/skipped.js";
import { identityOfSamples } from "../data/labeled/identity.js";
import { isKnown } from "../data/labeled/labels.js";
import type { LabeledSample } from "../data/labeled-sample.js";
import { predictSamples } from "../inference/predict-samples.js";
import type { TaskPredictor } from "../inference/task-predictor.js";
import { requireSame } from "../parallel/agreement.js";
import { type Interval, bootstrapMetric } from "./bootstrap.js";
import { type Predicted, guessingLoss, taskMeasures } from "./task-measures.js";

/** How intervals are drawn, and how an evaluation is stopped and followed. */
export interface EvaluateTaskOptions {
  /** Random key for bootstrap intervals; default: `keyOf(0)`. */
  readonly key?: Key;
  /** Called with the number of finished samples. */
  readonly onProgress?: (done: number) => void;
  /** Stops the evaluation: it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** How well a fine-tuned model predicts labeled samples. */
export interface TaskEvaluation {
  /** Number of samples that were scored. */
  readonly samples: number;
  /** Samples without a label that the model knows, or with an image that cannot be used. */
  readonly skipped: SkippedSamples;
  /** Each measure with its 95 % interval, the one that tells most first. */
  readonly measures: Readonly<Record<string, Interval>>;
  /** The loss of the best constant prediction. */
  readonly guessingLoss: number;
}

/**
 * Scores the predictions of a fine-tuned model.
 * @throws NoUsableSampleError if no sample can be scored; Error if processes have other samples
 *
 * @example
 * import { load } from "flava";
 * import { readLabeled } from "flava/data";
 * import { evaluateTask } from "flava/eval";
 *
 * await using flava = await load("runs/stars/model");
 * const columns = { text: "review", label: "stars" };
 * const { samples } = await readLabeled("reviews.csv", { columns, target: "class" });
 * const { measures } = await evaluateTask("my reviews", samples, flava.predictor);
 * console.log(measures.accuracy?.mean);
 */
export async function evaluateTask(
  name: string,
  samples: readonly LabeledSample[],
  predictor: TaskPredictor,
  { key = keyOf(0), onProgress, signal }: EvaluateTaskOptions = {},
): Promise<TaskEvaluation> {
  const { labels } = predictor.task;
  const skipped = new SkippedSamples();
  const known = samples.filter((sample) => {
    const { target } = sample;
    if (target && isKnown(labels, target)) return true;
    const named = target?.kind === "class" ? ` ${JSON.stringify(target.label)}` : "";
    skipped.add(
      sample,
      "unwanted",
      target ? `its label${named} was not learned.` : "it has no label.",
    );
    return false;
  });
  if (predictor.processes)
    await requireSame(predictor.processes, { data: identityOfSamples(known) });
  const predicted = await predictSamples(predictor, known, { skipped, onProgress, signal });
  skipped.requireUsed(name, predicted.length);
  const targets = predicted.flatMap(({ sample }) => sample.target ?? []);
  const outputs = predicted.map(({ outputs }) => outputs);
  return {
    samples: predicted.length,
    skipped,
    measures: measuresWithIntervals({ labels, targets, outputs }, key),
    guessingLoss: guessingLoss(labels, targets),
  };
}

/**
 * The measures of predictions with their intervals.
 * @param isWanted which of them are computed, by name; intervals take time. Default: all
 */
export function measuresWithIntervals(
  predicted: Predicted,
  key: Key,
  isWanted: (name: string) => boolean = () => true,
): Record<string, Interval> {
  const count = predicted.outputs.length;
  return Object.fromEntries(
    Object.entries(taskMeasures(predicted)).flatMap(([name, measure]) =>
      isWanted(name) ? [[name, bootstrapMetric(count, measure, foldIn(key, name))]] : [],
    ),
  );
}
