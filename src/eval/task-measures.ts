/** Measures of the predictions for labeled samples, by the kind of their labels. */
import { type Labels, targetValues } from "../data/labeled/labels.js";
import type { Target } from "../data/labeled-sample.js";
import {
  type Agreement,
  accuracyOf,
  agreementOf,
  f1Of,
  macroF1Of,
  matthewsOf,
} from "./metrics/agreement.js";
import { aurocMeasure } from "./metrics/auroc.js";
import { pearson, spearman } from "./metrics/correlation.js";
import { vqaAccuracy } from "./metrics/vqa-accuracy.js";

/** A measure of some items, given by their indices, of which some may repeat. */
export type TaskMeasure = (items: Int32Array) => number;

/** Samples with what a model predicts for them. */
export interface Predicted {
  readonly labels: Labels;
  readonly targets: readonly Target[];
  /** Probabilities of the classes or answers, or a standardized value, of each sample. */
  readonly outputs: readonly Float32Array[];
}

/** The name of the loss among the measures. */
export const lossName = "loss";

/** The measures of a task by name, the one that tells most first; losses come last. */
export function taskMeasures(predicted: Predicted): Record<string, TaskMeasure> {
  switch (predicted.labels.kind) {
    case "class":
      return classMeasures(predicted, predicted.labels.names.length);
    case "scores":
      return scoreMeasures(predicted, predicted.labels.names);
    case "value":
      return valueMeasures(predicted);
  }
}

/** The names of a task's measures, known before there are predictions. */
export function measureNames(labels: Labels): string[] {
  return Object.keys(taskMeasures({ labels, targets: [], outputs: [] }));
}

/** The loss of the best constant prediction: what guessing reaches. */
export function guessingLoss(labels: Labels, targets: readonly Target[]): number {
  if (labels.kind === "value") return 1;
  const values = targetValues(labels, targets);
  const shares = new Float64Array(labels.names.length);
  if (labels.kind === "class") for (const label of values) shares[label]! += 1 / targets.length;
  else {
    for (const [place, score] of values.entries()) {
      shares[place % shares.length]! += score / targets.length;
    }
  }
  const cost = (p: number): number => (p > 0 ? -p * Math.log(p) : 0);
  return shares.reduce((sum, p) => sum + cost(p) + (labels.kind === "scores" ? cost(1 - p) : 0), 0);
}

function classMeasures(
  { labels, targets, outputs }: Predicted,
  classes: number,
): Record<string, TaskMeasure> {
  const right = Int32Array.from(targetValues(labels, targets));
  const predicted = Int32Array.from(outputs, bestOf);
  const of =
    (measure: (agreement: Agreement) => number): TaskMeasure =>
    (items) =>
      measure(agreementOf(predicted, right, classes, items));
  const losses = outputs.map((output, item) => -Math.log(Math.max(output[right[item]!]!, 1e-30)));
  return {
    accuracy: of(accuracyOf),
    ...(classes === 2
      ? {
          F1: of((agreement) => f1Of(agreement, 1)),
          AUROC: aurocMeasure(
            Float32Array.from(outputs, ([, second = NaN]) => second),
            right,
          ),
        }
      : { "macro F1": of(macroF1Of) }),
    "Matthews correlation": of(matthewsOf),
    [lossName]: meanAt(losses),
  };
}

/** The score of the answer that is given, and its official VQA accuracy if people's answers are known. */
function scoreMeasures(
  { labels, targets, outputs }: Predicted,
  names: readonly string[],
): Record<string, TaskMeasure> {
  const answers = names.length;
  const right = targetValues(labels, targets);
  const scores = outputs.map((output, item) => right[item * answers + bestOf(output)]!);
  const losses = outputs.map((output, item) =>
    output.reduce((sum, p, answer) => sum + crossEntropy(p, right[item * answers + answer]!), 0),
  );
  const answered = targets.map((target) => (target.kind === "scores" ? target.answers : undefined));
  const accuracyOf = (output: Float32Array, item: number): number =>
    vqaAccuracy(names[bestOf(output)]!, answered[item]!);
  return {
    "answer score": meanAt(scores),
    ...(answered.length > 0 &&
      !answered.includes(undefined) && { "VQA accuracy": meanAt(outputs.map(accuracyOf)) }),
    [lossName]: meanAt(losses),
  };
}

function valueMeasures({ labels, targets, outputs }: Predicted): Record<string, TaskMeasure> {
  const right = Float64Array.from(targetValues(labels, targets));
  const predicted = Float64Array.from(outputs, ([value = NaN]) => value);
  const isNaN = predicted.some(Number.isNaN);
  // A model that predicts one and the same value has no correlation.
  const of =
    (measure: typeof pearson): TaskMeasure =>
    (items) =>
      isNaN ? NaN : measure(pick(predicted, items), pick(right, items)) || 0;
  const losses = predicted.map((value, item) => (value - right[item]!) ** 2);
  return { Pearson: of(pearson), Spearman: of(spearman), [lossName]: meanAt(losses) };
}

/** Binary cross entropy of a probability with a soft target. */
function crossEntropy(p: number, target: number): number {
  const logOf = (q: number): number => Math.log(Math.max(q, 1e-30));
  return -target * logOf(p) - (1 - target) * logOf(1 - p);
}

/** The place of the greatest output; the first of several. */
export function bestOf(output: Float32Array): number {
  return output.reduce((best, value, place) => (value > output[best]! ? place : best), 0);
}

const pick = (values: ArrayLike<number>, items: Int32Array): Float64Array =>
  Float64Array.from(items, (item) => values[item]!);

const meanAt =
  (values: ArrayLike<number>): TaskMeasure =>
  (items) => {
    let sum = 0;
    for (const item of items) sum += values[item]!;
    return sum / items.length;
  };
