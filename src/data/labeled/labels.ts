/** The labels of a task, and how the targets of samples become numbers. */
import { counted, grouped } from "../../base/counted.js";
import type { LabeledSample, Target } from "../labeled-sample.js";

/** What the outputs of a task's head mean. */
export type Labels =
  | {
      readonly kind: "class" | "scores";
      /** Of the classes or answers, in the order of the head's outputs. */
      readonly names: readonly string[];
    }
  /** A head predicts (value - mean) / deviation, so that values of any size are learned alike. */
  | {
      readonly kind: "value";
      /** Of the values in training, in their own units. */
      readonly mean: number;
      /** The standard deviation of the values in training. */
      readonly deviation: number;
    };

/** What is to be learned: one class, scores of several answers, or a value. */
export type TargetKind = Target["kind"];

/** The samples cannot be learned from. */
export class LabelsError extends Error {
  override readonly name = "LabelsError";
}

/** Number of outputs of a head. */
export function outputCount(labels: Labels): number {
  return labels.kind === "value" ? 1 : labels.names.length;
}

/**
 * The labels that occur in `samples`: classes and answers in ascending order (of numbers if all of them are numbers), so
 * that the order of the samples does not matter; or the mean and standard deviation of values.
 *
 * @param least answers that are the best of fewer samples are not learned (9 for VQAv2: 3,129 answers); default 1
 * @throws LabelsError if there is nothing to learn: fewer than two classes, or one and the same value
 */
export function labelsOf(kind: TargetKind, samples: Iterable<LabeledSample>, least = 1): Labels {
  const targets = [...samples].flatMap(({ target }) => (target?.kind === kind ? [target] : []));
  if (kind === "value") return standardization(targets);
  const counts = new Map<string, number>();
  for (const name of targets.flatMap(bestLabels)) counts.set(name, (counts.get(name) ?? 0) + 1);
  const names = [...counts].flatMap(([name, count]) => (count >= least ? [name] : []));
  if (names.length > 1 || (names.length === 1 && kind === "scores")) {
    return { kind, names: ascending(names) };
  }
  throw new LabelsError(
    names.length === 0
      ? "No sample has a label. Name the column of the labels (--label)."
      : `All samples have the label ${JSON.stringify(names[0])}, so there is nothing to tell apart.`,
  );
}

/** The class, or the answers with the highest score. */
function bestLabels(target: Target): string[] {
  if (target.kind === "class") return [target.label];
  if (target.kind === "value") return [];
  const best = Math.max(...Object.values(target.scores));
  return Object.entries(target.scores).flatMap(([name, score]) => (score === best ? [name] : []));
}

function standardization(targets: readonly Target[]): Labels {
  const values = targets.flatMap((target) => (target.kind === "value" ? [target.value] : []));
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const deviation = Math.sqrt(squares / values.length);
  if (deviation > 0) return { kind: "value", mean, deviation };
  throw new LabelsError(
    values.length === 0
      ? "No sample has a value. Name the column of the values (--label)."
      : `All samples have the value ${mean}, so there is nothing to predict.`,
  );
}

function ascending(names: string[]): string[] {
  const areNumbers = names.every((name) => name.trim() !== "" && Number.isFinite(Number(name)));
  names.sort(); // so that 1 and 1.0 have one order, too
  return areNumbers ? names.sort((a, b) => Number(a) - Number(b)) : names;
}

/** Most labels that a line lists. */
const mostListed = 10;

/** A line on the labels of training samples, and how many samples have each of them. */
export function describeLabels(labels: Labels, samples: Iterable<LabeledSample>): string {
  const targets = [...samples].flatMap(({ target }) => target ?? []);
  if (labels.kind === "value") {
    const values = targets.flatMap((target) => (target.kind === "value" ? [target.value] : []));
    const [lowest, highest] = values.reduce(
      ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
      [Infinity, -Infinity],
    );
    const { mean, deviation } = labels;
    const [center, spread] = [mean, deviation].map((value) => value.toPrecision(4));
    return `Values: from ${lowest} to ${highest}, ${center} on average, with a standard deviation of ${spread}.`;
  }
  const counts = new Map(labels.names.map((name) => [name, 0]));
  for (const name of targets.flatMap(bestLabels))
    if (counts.has(name)) counts.set(name, counts.get(name)! + 1);
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  const listed = sorted.length > mostListed ? sorted.slice(0, mostListed - 1) : sorted;
  const shown = ([name, count]: [string, number]): string =>
    `${JSON.stringify(name.slice(0, 40))} (${grouped(count)})`;
  const rest = sorted.length - listed.length;
  const others = rest > 0 ? ` and ${grouped(rest)} more, down to ${shown(sorted.at(-1)!)}` : "";
  return `${counted(sorted.length, "label")}: ${listed.map(shown).join(", ")}${others}.`;
}

/** Digits of which a number may have more than a double keeps apart. */
const exactDigits = 15;

/**
 * Groups of labels that differ only in case, spaces, how a character is encoded or how a number is written, such as "Dog" and
 * "dog ", 1 and 1.0. They are classes of their own all the same: only who wrote them knows whether they mean the same.
 */
export function lookalikes(names: readonly string[]): string[][] {
  const groups = new Map<string, string[]>();
  for (const name of names) {
    const plain = name.normalize("NFKC").trim().replaceAll(/\s+/g, " ").toLowerCase();
    const isNumber = plain !== "" && plain.length <= exactDigits && Number.isFinite(Number(plain));
    const key = isNumber ? String(Number(plain)) : plain;
    groups.set(key, [...(groups.get(key) ?? []), name]);
  }
  return [...groups.values()].filter(({ length }) => length > 1);
}

/** Whether a target can be told by `labels`: a class must be one of theirs. Unknown answers merely cannot be given. */
export function isKnown(labels: Labels, target: Target): boolean {
  if (target.kind !== labels.kind) return false;
  return labels.kind !== "class" || target.kind !== "class" || labels.names.includes(target.label);
}

/**
 * The targets as numbers: classes int32 [B], scores float32 [B, C], or standardized values float32 [B].
 * @throws LabelsError if a target is not of the labels' kind, or its class is unknown
 */
export function targetValues(
  labels: Labels,
  targets: readonly (Target | undefined)[],
): Int32Array | Float32Array {
  const refuse = (): never => {
    throw new LabelsError(`A sample has no target of the kind "${labels.kind}".`);
  };
  if (labels.kind === "value") {
    return Float32Array.from(targets, (target) =>
      target?.kind === "value" ? (target.value - labels.mean) / labels.deviation : refuse(),
    );
  }
  const places = new Map(labels.names.map((name, index) => [name, index]));
  if (labels.kind === "class") {
    return Int32Array.from(targets, (target) =>
      target?.kind === "class" ? (places.get(target.label) ?? refuse()) : refuse(),
    );
  }
  const scores = new Float32Array(targets.length * labels.names.length);
  for (const [row, target] of targets.entries()) {
    if (target?.kind !== "scores") return refuse();
    for (const [name, score] of Object.entries(target.scores)) {
      const place = places.get(name);
      if (place !== undefined) scores[row * labels.names.length + place] = score;
    }
  }
  return scores;
}
