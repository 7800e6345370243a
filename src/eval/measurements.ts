/** The numbers that an evaluation found, and how they are written. */
import type { Interval } from "./bootstrap.js";
import type { Evaluation } from "./evaluate.js";
import type { Direction, Recall } from "./retrieval.js";

/** One measured number. */
export interface Measurement {
  /** Such as "top-1 accuracy". */
  readonly name: string;
  /** A share, from 0 to 1. */
  readonly share: Interval | number;
  /** What guessing gives, as a share. */
  readonly chance?: number;
}

/** All numbers of an evaluation, the most important first. */
export function measurements(evaluation: Evaluation): Measurement[] {
  if (evaluation.kind === "zero-shot") {
    const { top1, top5, meanPerClass, chance } = evaluation.result;
    return [
      { name: "top-1 accuracy", share: top1, chance: chance.top1 },
      { name: "top-5 accuracy", share: top5, chance: chance.top5 },
      { name: "mean per class accuracy", share: meanPerClass, chance: chance.top1 },
      { name: "always the most frequent class", share: chance.mostFrequent },
    ];
  }
  const { imageToText, textToImage } = evaluation.result;
  return [
    ...directionMeasurements("picture to text", imageToText),
    ...directionMeasurements("text to picture", textToImage),
  ];
}

function directionMeasurements(name: string, { all, seen, unseen }: Direction): Measurement[] {
  const rows = (kind: string, { at1, at5, at10, chance }: Recall): Measurement[] => [
    { name: `${name}, R@1${kind}`, share: at1, chance: chance[0] },
    { name: `${name}, R@5${kind}`, share: at5, chance: chance[1] },
    { name: `${name}, R@10${kind}`, share: at10, chance: chance[2] },
  ];
  return [
    ...rows("", all),
    ...(seen ? rows(" (seen kinds)", seen) : []),
    ...(unseen ? rows(" (unseen kinds)", unseen) : []),
  ];
}

/** What was evaluated, in a sentence. */
export function summary(evaluation: Evaluation): string {
  const { set, keys, skipped } = evaluation;
  const about =
    evaluation.kind === "zero-shot"
      ? `zero-shot classification of ${keys.length} pictures in ${evaluation.set.classes.length} classes, ` +
        `${evaluation.set.templates.length} templates`
      : `retrieval among ${keys.length} pictures and ${evaluation.relation.texts.length} distinct texts`;
  const left = skipped.total > 0 ? `; ${skipped.summary()}` : "";
  return `${set.name}: ${about}${left}.`;
}

/** A share in percent. */
export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
/** The share itself, without its interval. */
export const meanOf = (share: Interval | number): number =>
  typeof share === "number" ? share : share.mean;
/** The interval of a share in percent; empty where there is none. */
export const rangeOf = (share: Interval | number): string =>
  typeof share === "number"
    ? ""
    : `${(100 * share.low).toFixed(1)} to ${(100 * share.high).toFixed(1)} %`;
