/** Agreement of predicted with right classes, as scikit-learn computes it. */
import type { Numbers } from "../metrics.js";

/** The fraction of items whose predicted class is right. */
export function accuracy(predicted: Numbers, labels: Numbers): number {
  requireSameLength(predicted, labels);
  let hits = 0;
  for (let item = 0; item < labels.length; item++) if (predicted[item] === labels[item]) hits++;
  return hits / labels.length;
}

/**
 * The F1 score of one class: the harmonic mean of its precision and recall, from 0 to 1. 0 if the class neither occurs nor
 * is predicted.
 */
export function f1(predicted: Numbers, labels: Numbers, positive = 1): number {
  requireSameLength(predicted, labels);
  let [hits, found, right] = [0, 0, 0];
  for (let item = 0; item < labels.length; item++) {
    if (predicted[item] === positive) found++;
    if (labels[item] === positive) right++;
    if (predicted[item] === positive && labels[item] === positive) hits++;
  }
  return found + right === 0 ? 0 : (2 * hits) / (found + right);
}

/** The mean F1 score of all classes that occur or are predicted. */
export function macroF1(predicted: Numbers, labels: Numbers): number {
  const classes = [...new Set([...labels, ...predicted])];
  return classes.reduce((sum, one) => sum + f1(predicted, labels, one), 0) / classes.length;
}

/**
 * Matthews correlation of predicted with right classes, of any number, from -1 to 1 (Gorodkin 2004). 0 if all labels or all
 * predictions are of one class.
 */
export function matthews(predicted: Numbers, labels: Numbers): number {
  requireSameLength(predicted, labels);
  const [found, right] = [new Map<number, number>(), new Map<number, number>()];
  let hits = 0;
  for (let item = 0; item < labels.length; item++) {
    const [prediction, label] = [predicted[item]!, labels[item]!];
    found.set(prediction, (found.get(prediction) ?? 0) + 1);
    right.set(label, (right.get(label) ?? 0) + 1);
    if (prediction === label) hits++;
  }
  const count = labels.length;
  let expected = 0;
  for (const [one, times] of right) expected += times * (found.get(one) ?? 0);
  const spread = (counts: ReadonlyMap<number, number>): number =>
    count ** 2 - [...counts.values()].reduce((sum, times) => sum + times ** 2, 0);
  const scale = Math.sqrt(spread(found) * spread(right));
  return scale === 0 ? 0 : (hits * count - expected) / scale;
}

function requireSameLength(predicted: Numbers, labels: Numbers): void {
  if (predicted.length === labels.length && labels.length > 0) return;
  throw new RangeError(
    `Expected a prediction for each label, and at least one, but got ${predicted.length} predictions and ` +
      `${labels.length} labels.`,
  );
}
