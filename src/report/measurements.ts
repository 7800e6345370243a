/** The metrics of an evaluation, and their formatting. */
import { counted } from "../base/counted.js";
import type { Interval } from "../eval/bootstrap.js";
import type { ClassificationEvaluation, Evaluation } from "../eval/evaluate.js";
import type { Direction, Recall } from "../eval/retrieval.js";

/** A measured value. */
export interface Measurement {
  /** Such as "top-1 accuracy". */
  readonly name: string;
  /** A fraction from 0 to 1. */
  readonly share: Interval | number;
  /** The value reached by guessing. */
  readonly chance?: number;
}

/** All metrics of an evaluation, most important first. */
export function measurements(evaluation: Evaluation): Measurement[] {
  if ("measures" in evaluation) {
    const measured = evaluation.measures.map(({ interval: share, ...rest }) => ({
      ...rest,
      share,
    }));
    if (evaluation.kind === "masked words" || evaluation.calibrationError === undefined)
      return measured;
    return [
      ...measured,
      { name: "expected calibration error", share: evaluation.calibrationError },
    ];
  }
  if (evaluation.kind !== "retrieval") {
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
    ...directionMeasurements("image to text", imageToText),
    ...directionMeasurements("text to image", textToImage),
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

/** Describes the evaluation in a sentence. */
export function summary(evaluation: Evaluation): string {
  const { set, skipped } = evaluation;
  const used = "samples" in evaluation ? evaluation.samples : evaluation.keys.length;
  const left = skipped.total > 0 ? `; ${skipped.summary(used)}` : "";
  return `${set.name}: ${subject(evaluation)}${left}.${prompts(evaluation)}${unknownLabels(evaluation)}`;
}

/** Prompt templates that a sentence lists. */
const listedTemplates = 10;

/** A sentence on the prompts of zero-shot classification; empty for other evaluations. */
function prompts(evaluation: Evaluation): string {
  if (evaluation.kind !== "zero-shot") return "";
  const { templates } = evaluation.set;
  const listed = templates.slice(0, listedTemplates).map((template) => JSON.stringify(template));
  const rest = templates.length - listed.length;
  return ` Prompts: ${listed.join(", ")}${rest > 0 ? `, and ${rest} more` : ""}.`;
}

/** Labels that a sentence lists. */
const listedLabels = 20;

/** A sentence on the labels that are not among the classes; empty if there are none. */
function unknownLabels(evaluation: Evaluation): string {
  if (!("unknownLabels" in evaluation) || evaluation.unknownLabels.size === 0) return "";
  const counts = [...evaluation.unknownLabels].sort(([, a], [, b]) => b - a);
  const listed = counts.slice(0, listedLabels).map(([label, count]) => `${label} (${count})`);
  const rest = counts.length - listed.length;
  return ` Labels that are not among the classes: ${listed.join(", ")}${rest > 0 ? `, and ${rest} more` : ""}.`;
}

function subject(evaluation: Evaluation): string {
  const images = counted(evaluation.keys.length, "image");
  switch (evaluation.kind) {
    case "zero-shot": {
      const { templates } = evaluation.set;
      return `zero-shot classification of ${images} in ${classesOf(evaluation.set)}, ${counted(templates.length, "template")}`;
    }
    case "linear probe": {
      const { set, fitted, search } = evaluation;
      const { lambda, converged } = search.probe;
      const end = converged ? "" : ", not converged";
      return (
        `linear probe on ${images} in ${classesOf(set)}, fitted to ${fitted} others ` +
        `with lambda ${Number(lambda.toPrecision(2))}${end}`
      );
    }
    case "matching":
      return `matching of ${images} with their own texts and with wrong ones`;
    case "masked words":
      return `masked words in the texts of ${counted(evaluation.keys.length, "sample")}`;
    case "retrieval":
      return `retrieval among ${images} and ${counted(evaluation.relation.texts.length, "distinct text")}`;
  }
}

const classesOf = ({ classes, namedBy }: ClassificationEvaluation["set"]): string =>
  `${counted(classes.length, "class", "classes")}${namedBy === "folder names" ? " named by their folders" : ""}`;

/** A share in percent. */
export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
/** The fraction itself, without its interval. */
export const meanOf = (share: Interval | number): number =>
  typeof share === "number" ? share : share.mean;
/** The interval of a fraction in percent; empty if there is none. */
export const rangeOf = (share: Interval | number): string =>
  typeof share === "number"
    ? ""
    : `${(100 * share.low).toFixed(1)} to ${(100 * share.high).toFixed(1)} %`;
