/** Classification metrics for any method. */
import { type Key, foldIn } from "../base/random.js";
import { type Interval, bootstrap, bootstrapMetric } from "./bootstrap.js";
import { hitsWithin, meanPerClass, rankOf } from "./metrics.js";

/** Accuracies are fractions from 0 to 1. */
export interface ClassificationResult {
  /** How often the right class scores highest. */
  readonly top1: Interval;
  /** How often it is among the five highest. */
  readonly top5: Interval;
  /** The mean over classes of their top-1 accuracy. */
  readonly meanPerClass: Interval;
  /** Accuracies of random guessing and of always predicting the most frequent class. */
  readonly chance: { readonly top1: number; readonly top5: number; readonly mostFrequent: number };
  /** The predicted class of each image: the right one only if it strictly scores highest, else the best wrong one. */
  readonly predicted: Int32Array;
  /** For each image, the number of wrong classes that score at least as high as the right one. */
  readonly ranks: Int32Array;
  /** The most frequent mistakes, at most 20. */
  readonly confusions: readonly Confusion[];
}

/** A mistake, and how often it was made. */
export interface Confusion {
  /** The right class, by its index. */
  readonly label: number;
  /** The class that was predicted instead. */
  readonly predicted: number;
  /** How many images. */
  readonly count: number;
}

const keptConfusions = 20;

/** Collects predictions image by image. Ties count as mistakes. */
export class Predictions {
  /** For each image, the number of wrong classes that score at least as high as the right one. */
  readonly ranks: Int32Array;
  /** The predicted class of each image. */
  readonly predicted: Int32Array;

  /** @param labels the class of each image, from 0 to `classes` - 1 */
  constructor(
    /** The class of each image, int32 [N]. */
    readonly labels: Int32Array,
    /** Number of classes, C. */
    readonly classes: number,
  ) {
    requireLabels(labels, classes);
    this.ranks = new Int32Array(labels.length);
    this.predicted = new Int32Array(labels.length);
  }

  /** Adds the scores of all classes [C] for the image with index `item`. */
  add(item: number, scores: Float32Array): void {
    const label = this.labels[item]!;
    const rank = rankOf(scores, [label]);
    this.ranks[item] = rank;
    this.predicted[item] = rank === 0 ? label : bestOther(scores, label);
  }

  /**
   * Accuracies with their intervals, once all images were added.
   * @param key of the intervals
   */
  result(key: Key): ClassificationResult {
    const { labels, ranks, predicted, classes } = this;
    const hits = hitsWithin(ranks, 1);
    return {
      top1: bootstrap(hits, foldIn(key, "top1")),
      top5: bootstrap(hitsWithin(ranks, 5), foldIn(key, "top5")),
      meanPerClass: bootstrapMetric(
        labels.length,
        (items) => meanPerClass(hits, labels, items),
        foldIn(key, "mean per class"),
      ),
      chance: chanceOf(labels, classes),
      predicted,
      ranks,
      confusions: confusionsOf(labels, predicted),
    };
  }
}

function chanceOf(labels: Int32Array, classes: number): ClassificationResult["chance"] {
  const counts = new Int32Array(classes);
  for (const label of labels) counts[label]!++;
  return {
    top1: 1 / classes,
    top5: Math.min(1, 5 / classes),
    mostFrequent: Math.max(...counts) / labels.length,
  };
}

/** Confusions, most frequent first. */
function confusionsOf(labels: Int32Array, predicted: Int32Array): Confusion[] {
  const counts = new Map<string, Confusion>();
  for (const [item, label] of labels.entries()) {
    const found = predicted[item]!;
    if (found === label) continue;
    const name = `${label} ${found}`;
    const count = (counts.get(name)?.count ?? 0) + 1;
    counts.set(name, { label, predicted: found, count });
  }
  return [...counts.values()].sort((a, b) => b.count - a.count).slice(0, keptConfusions);
}

/** The class with the highest score, other than `label`. */
function bestOther(scores: Float32Array, label: number): number {
  let best = label === 0 ? 1 : 0;
  for (const [index, score] of scores.entries()) {
    if (index !== label && score > scores[best]!) best = index;
  }
  return best;
}

function requireLabels(labels: Int32Array, classes: number): void {
  if (labels.length === 0) throw new RangeError("There are no images to classify.");
  const invalid = labels.find((label) => label < 0 || label >= classes);
  if (invalid === undefined) return;
  throw new RangeError(
    `Expected labels from 0 to ${classes - 1}, but an image has label ${invalid}.`,
  );
}
