/** What can be reached on labeled samples without the model. */
import type { Backend } from "../../backend/backend.js";
import { type Key, foldIn } from "../../base/random.js";
import { type Labels, outputCount, targetValues } from "../../data/labeled/labels.js";
import type { LabeledSample, Target } from "../../data/labeled-sample.js";
import type { EmbeddingStore } from "../embedding-store.js";
import { type ProbedParts, keptFeatures } from "../evaluators/linear-probe.js";
import { vqaAccuracy } from "../metrics/vqa-accuracy.js";
import { mean } from "../metrics.js";
import { type LabeledFeatures, chosen } from "../probe/labeled-features.js";
import { logitsOf } from "../probe/predict.js";
import { type SearchOptions, heldOut, searchProbe } from "../probe/search.js";
import { bestOf } from "../task-measures.js";
import type { MetricName } from "../tasks/metric-name.js";
import { BagOfWords } from "./bag-of-words.js";

/** What a baseline reads of the samples of a set, by what they are for. */
export interface BaselineParts {
  readonly train: LabeledFeatures;
  /** To choose the regularization by; without any, a fifth of the training samples. */
  readonly validation?: LabeledFeatures;
  readonly test: LabeledFeatures;
}

/** Classes, or answers, of which each training sample's best one is learned. */
type Named = Exclude<Labels, { readonly kind: "value" }>;

/** More training samples take long, and tell a classifier this simple little. */
const mostSamples = 10_000;
/** Precise enough: no baseline hangs on the last digit of its loss. */
const precision = { iterations: 100, tolerance: 1e-3 };

/**
 * Expected values of metrics for an answer drawn at random, each with the same probability.
 * @param targets of the samples that are scored
 */
export function chanceOf(
  labels: Labels,
  targets: readonly Target[],
): Partial<Record<MetricName, number>> {
  if (labels.kind === "value") return { Pearson: 0, Spearman: 0 };
  const share = 1 / labels.names.length;
  if (labels.kind === "class") {
    const ofTwo = labels.names.length === 2 ? { AUROC: 0.5 } : {};
    return {
      ...{ accuracy: share, "mean per class": share, "zero-shot accuracy": share },
      Matthews: 0,
      ...ofTwo,
    };
  }
  const names = new Set(labels.names);
  const accuracies = targets.flatMap((target) => {
    if (target.kind !== "scores" || !target.answers) return [];
    const { answers, scores } = target;
    const right = new Set([...answers, ...Object.keys(scores)].filter((name) => names.has(name)));
    return [...right].reduce((sum, name) => sum + share * vqaAccuracy(name, answers), 0);
  });
  return accuracies.length > 0 ? { "VQA accuracy": mean(accuracies) } : {};
}

/** How frequent each class or answer is in training: the probabilities for every test sample alike. */
export function mostFrequent(train: readonly Target[], labels: Labels): Float32Array {
  const shares = new Float32Array(outputCount(labels));
  const values = targetValues(labels, train);
  for (const [place, value] of values.entries()) {
    if (labels.kind === "class") shares[value]! += 1;
    else shares[place % shares.length]! += value;
  }
  return shares.map((share) => share / train.length);
}

/**
 * Logistic regression on features that are not the model's.
 * @param classes number of classes, or of answers
 * @returns the probabilities of the classes or answers, of each test sample
 */
export async function simpleBaseline(
  backend: Backend,
  { train, validation, test }: BaselineParts,
  classes: number,
  { key, ...options }: Pick<SearchOptions, "onProgress" | "signal"> & { readonly key: Key },
): Promise<Float32Array[]> {
  const parts = validation ? { train, validation } : heldOut(train, foldIn(key, "baseline"));
  const { probe } = await searchProbe(backend, parts, classes, { ...precision, ...options });
  const outputs: Float32Array[] = [];
  for await (const logits of logitsOf(backend, probe, test, options))
    outputs.push(probabilities(logits));
  return outputs;
}

/** The words of texts, in any order; those of a sample with an image are judged without it. */
export function wordParts(
  samples: {
    readonly train: readonly LabeledSample[];
    readonly validation: readonly LabeledSample[];
    readonly test: readonly LabeledSample[];
  },
  labels: Named,
): BaselineParts {
  const [train, validation] = [thinned(samples.train), samples.validation].map((part) =>
    part.filter(hasClass(labels)),
  );
  const words = new BagOfWords(train!);
  const placeOf = placesIn(labels);
  const of = (part: readonly LabeledSample[]): LabeledFeatures =>
    words.of(part, Int32Array.from(part, placeOf));
  return {
    train: of(train!),
    ...(validation!.length > 0 && { validation: of(validation!) }),
    test: of(samples.test),
  };
}

/** The gradient histograms of images, as a store keeps them. */
export function gradientParts(
  { train, validation, test }: ProbedParts,
  gradients: EmbeddingStore,
): BaselineParts {
  const items = Int32Array.from(thinned([...train.digests.keys()]));
  return {
    train: chosen(keptFeatures(gradients, train), items),
    ...(validation && { validation: keptFeatures(gradients, validation) }),
    test: keptFeatures(gradients, test),
  };
}

/** Evenly spaced items, as many as are used. */
function thinned<Item>(items: readonly Item[]): Item[] {
  const step = Math.max(1, items.length / mostSamples);
  const count = Math.min(items.length, mostSamples);
  return Array.from({ length: count }, (_, index) => items[Math.floor(index * step)]!);
}

/** The place of a sample's class, or of its best answer, among the names; 0 if it is unknown. */
function placesIn({ names }: Named): (sample: LabeledSample) => number {
  const places = new Map(names.map((name, index) => [name, index]));
  return ({ target }) => places.get(classOf(target) ?? "") ?? 0;
}

function hasClass({ names }: Named): (sample: LabeledSample) => boolean {
  const known = new Set(names);
  return ({ target }) => known.has(classOf(target) ?? "");
}

function classOf(target: Target | undefined): string | undefined {
  if (target?.kind === "class") return target.label;
  if (target?.kind !== "scores") return undefined;
  const answers = Object.entries(target.scores);
  return answers[bestOf(Float32Array.from(answers, ([, score]) => score))]?.[0];
}

function probabilities(logits: Float32Array): Float32Array {
  const largest = logits.reduce((most, logit) => Math.max(most, logit), -Infinity);
  const powers = logits.map((logit) => Math.exp(logit - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}
