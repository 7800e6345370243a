/** Agreement of predicted with right classes, as scikit-learn computes it. */
import type { Numbers } from "../metrics.js";

/** Numbers of items by class: those that have it, those predicted to have it, and those of which both is true. */
export interface Agreement {
  readonly right: Float64Array;
  readonly found: Float64Array;
  readonly hits: Float64Array;
}

/**
 * Counts how predictions agree with labels.
 *
 * @param predicted the class of each item, from 0 to `classes` - 1, as of `labels`
 * @param items the items that count, of which some may repeat
 */
export function agreementOf(
  predicted: Int32Array,
  labels: Int32Array,
  classes: number,
  items: Int32Array,
): Agreement {
  const [right, found, hits] = [0, 1, 2].map(() => new Float64Array(classes));
  for (const item of items) {
    const [prediction, label] = [predicted[item]!, labels[item]!];
    right![label]! += 1;
    found![prediction]! += 1;
    if (prediction === label) hits![label]! += 1;
  }
  return { right: right!, found: found!, hits: hits! };
}

export const accuracyOf = ({ right, hits }: Agreement): number => sum(hits) / sum(right);

/** 0 if the class neither occurs nor is predicted. */
export function f1Of({ right, found, hits }: Agreement, positive: number): number {
  const all = found[positive]! + right[positive]!;
  return all === 0 ? 0 : (2 * hits[positive]!) / all;
}

export function macroF1Of(agreement: Agreement): number {
  const { right, found } = agreement;
  const classes = [...right.keys()].filter((one) => right[one]! + found[one]! > 0);
  return classes.reduce((total, one) => total + f1Of(agreement, one), 0) / classes.length;
}

export function matthewsOf({ right, found, hits }: Agreement): number {
  const count = sum(right);
  const expected = right.reduce((total, times, one) => total + times * found[one]!, 0);
  const spread = (counts: Float64Array): number =>
    count ** 2 - counts.reduce((total, times) => total + times ** 2, 0);
  const scale = Math.sqrt(spread(found) * spread(right));
  return scale === 0 ? 0 : (sum(hits) * count - expected) / scale;
}

/**
 * The fraction of items whose predicted class is right, from 0 to 1.
 * @param predicted the class of each item, as of `labels`
 */
export function accuracy(predicted: Numbers, labels: Numbers): number {
  return accuracyOf(ofNumbers(predicted, labels).agreement);
}

/**
 * The F1 score of one class: the harmonic mean of its precision and recall, from 0 to 1. 0 if the class neither occurs nor
 * is predicted.
 */
export function f1(predicted: Numbers, labels: Numbers, positive = 1): number {
  const { agreement, places } = ofNumbers(predicted, labels);
  const place = places.get(positive);
  return place === undefined ? 0 : f1Of(agreement, place);
}

/**
 * The mean F1 score of all classes that occur or are predicted, from 0 to 1.
 * @param predicted the class of each item, as of `labels`
 */
export function macroF1(predicted: Numbers, labels: Numbers): number {
  return macroF1Of(ofNumbers(predicted, labels).agreement);
}

/**
 * Matthews correlation of predicted with right classes, of any number, from -1 to 1 (Gorodkin 2004). 0 if all labels or all
 * predictions are of one class.
 */
export function matthews(predicted: Numbers, labels: Numbers): number {
  return matthewsOf(ofNumbers(predicted, labels).agreement);
}

/** The agreement of classes that have any numbers, with the place of each. */
function ofNumbers(
  predicted: Numbers,
  labels: Numbers,
): { readonly agreement: Agreement; readonly places: ReadonlyMap<number, number> } {
  if (predicted.length !== labels.length || labels.length === 0)
    throw new RangeError(
      `Expected a prediction for each label, and at least one, but got ${predicted.length} predictions and ` +
        `${labels.length} labels.`,
    );
  const distinct = [...new Set([...labels, ...predicted])];
  const places = new Map(distinct.map((one, place) => [one, place]));
  const placesOf = (classes: Numbers): Int32Array =>
    Int32Array.from(classes, (one) => places.get(one)!);
  const all = Int32Array.from(labels, (_, item) => item);
  const given = [placesOf(predicted), placesOf(labels)] as const;
  return { agreement: agreementOf(...given, distinct.length, all), places };
}

const sum = (counts: Float64Array): number => counts.reduce((total, times) => total + times, 0);
