/** Classification by names alone: a picture belongs to the class whose sentences are nearest (reference 8.1). */
import type { Backend } from "../backend/backend.js";
import { type Key, foldIn } from "../base/random.js";
import { countOf, similarityRows } from "../model/similarity.js";
import { type Interval, bootstrap } from "./bootstrap.js";
import { hitsWithin, meanPerClass, rankOf } from "./metrics.js";

export interface ZeroShotInputs {
  /** Vectors of the pictures, float32 [N, width]. */
  readonly images: Float32Array;
  /** The class of each picture, from 0 to C - 1. */
  readonly labels: Int32Array;
  /** Vectors of the classes, float32 [C, width]. */
  readonly classes: Float32Array;
  readonly width: number;
}

/** All shares are fractions from 0 to 1. */
export interface ZeroShotResult {
  readonly top1: Interval;
  readonly top5: Interval;
  /** The mean over classes of their top-1 accuracy. */
  readonly meanPerClass: number;
  /** What guessing gives: any class, and the most frequent one always. */
  readonly chance: { readonly top1: number; readonly top5: number; readonly mostFrequent: number };
  /** The class given to each picture: its own where that scores highest alone, else the highest of the others. */
  readonly predicted: Int32Array;
  /** How many wrong classes score at least as high as the right one. */
  readonly ranks: Int32Array;
  /** The most frequent mistakes, at most 20. */
  readonly confusions: readonly Confusion[];
}

export interface Confusion {
  readonly label: number;
  readonly predicted: number;
  readonly count: number;
}

const shownConfusions = 20;

/** Classifies pictures by the classes' vectors. Ties count as mistakes. */
export async function classifyZeroShot(
  backend: Backend,
  { images, labels, classes, width }: ZeroShotInputs,
  key: Key,
  signal?: AbortSignal,
): Promise<ZeroShotResult> {
  const [count, classCount] = [countOf(images, width), countOf(classes, width)];
  requireLabels(labels, count, classCount);
  const predicted = new Int32Array(count);
  const ranks = new Int32Array(count);
  for await (const { first, rows, scores } of similarityRows(
    backend,
    images,
    classes,
    width,
    signal,
  )) {
    for (let row = 0; row < rows; row++) {
      const item = first + row;
      const label = labels[item]!;
      const own = scores.subarray(row * classCount, (row + 1) * classCount);
      const rank = rankOf(own, [label]);
      ranks[item] = rank;
      predicted[item] = rank === 0 ? label : bestOther(own, label);
    }
  }
  const hits = hitsWithin(ranks, 1);
  return {
    top1: bootstrap(hits, foldIn(key, "top1")),
    top5: bootstrap(hitsWithin(ranks, 5), foldIn(key, "top5")),
    meanPerClass: meanPerClass(hits, labels),
    chance: chanceOf(labels, classCount),
    predicted,
    ranks,
    confusions: confusionsOf(labels, predicted),
  };
}

/** What guessing among `classes` gives. */
export function chanceOf(labels: Int32Array, classes: number): ZeroShotResult["chance"] {
  const counts = new Int32Array(classes);
  for (const label of labels) counts[label]!++;
  return {
    top1: 1 / classes,
    top5: Math.min(1, 5 / classes),
    mostFrequent: Math.max(...counts) / labels.length,
  };
}

/** The most frequent mistakes first. */
export function confusionsOf(labels: Int32Array, predicted: Int32Array): Confusion[] {
  const counts = new Map<string, Confusion>();
  for (const [item, label] of labels.entries()) {
    const found = predicted[item]!;
    if (found === label) continue;
    const name = `${label} ${found}`;
    const count = (counts.get(name)?.count ?? 0) + 1;
    counts.set(name, { label, predicted: found, count });
  }
  return [...counts.values()].sort((a, b) => b.count - a.count).slice(0, shownConfusions);
}

/** The first of the highest scores but that of `label`. */
function bestOther(scores: Float32Array, label: number): number {
  let best = label === 0 ? 1 : 0;
  for (const [index, score] of scores.entries()) {
    if (index !== label && score > scores[best]!) best = index;
  }
  return best;
}

function requireLabels(labels: Int32Array, pictures: number, classes: number): void {
  if (labels.length !== pictures) {
    throw new RangeError(
      `${pictures} pictures have one label each, but ${labels.length} were given.`,
    );
  }
  if (pictures === 0) throw new RangeError("There are no pictures to classify.");
  const odd = labels.find((label) => label < 0 || label >= classes);
  if (odd === undefined) return;
  throw new RangeError(
    `A picture has label ${odd}, but there are ${classes} classes, numbered from 0 to ${classes - 1}.`,
  );
}
