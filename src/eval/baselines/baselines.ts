/** What can be reached on labeled samples without the model. */
import type { Backend } from "../../backend/backend.js";
import { mapLimited } from "../../base/map-limited.js";
import { type Key, foldIn } from "../../base/random.js";
import type { SkippedSamples } from "../../data/batch/skipped.js";
import { decodeSample } from "../../data/labeled/stored-image.js";
import { type Labels, outputCount, targetValues } from "../../data/labeled/labels.js";
import type { LabeledSample, Target } from "../../data/labeled-sample.js";
import { vqaAccuracy } from "../metrics/vqa-accuracy.js";
import { mean } from "../metrics.js";
import { type LabeledFeatures, labeledFeatures } from "../probe/labeled-features.js";
import { logitsOf } from "../probe/predict.js";
import { heldOut, searchProbe } from "../probe/search.js";
import { bestOf } from "../task-measures.js";
import type { MetricName } from "../tasks/metric-name.js";
import { BagOfWords } from "./bag-of-words.js";
import { gradientHistogram, gradientWidth } from "./gradient-histogram.js";

/** Labeled samples of a set by what they are for. */
export interface BaselineParts {
  readonly train: readonly LabeledSample[];
  /** To choose the regularization by; if there are none, a fifth of the training samples. */
  readonly validation: readonly LabeledSample[];
  readonly test: readonly LabeledSample[];
}

/** Predictions of a baseline for the test samples. */
export interface BaselinePredictions {
  readonly targets: readonly Target[];
  /** Probabilities of the classes or answers, of each sample. */
  readonly outputs: readonly Float32Array[];
  /** Number of samples that it was fitted to. */
  readonly fitted: number;
}

/** More training samples take long, and tell a classifier this simple little. */
const mostSamples = 10_000;
/** Precise enough: no baseline hangs on the last digit of its loss. */
const precision = { iterations: 100, tolerance: 1e-3 };
const concurrentImages = 8;

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

/** Answers every test sample alike: with how frequent each class or answer is in training. */
export function mostFrequent({ train, test }: BaselineParts, labels: Labels): BaselinePredictions {
  const targets = targetsOf(test);
  const shares = new Float32Array(outputCount(labels));
  const values = targetValues(labels, targetsOf(train));
  for (const [place, value] of values.entries()) {
    if (labels.kind === "class") shares[value]! += 1;
    else shares[place % shares.length]! += value;
  }
  const output = shares.map((share) => share / train.length);
  return { targets, outputs: targets.map(() => output), fitted: train.length };
}

/**
 * Logistic regression without the model: on the words of texts, or on gradient histograms of images without texts. Samples with
 * an image and a text are judged by the text alone.
 * @param labels classes, or answers, of which each training sample's best one is learned
 */
export async function simpleBaseline(
  backend: Backend,
  { train, validation, test }: BaselineParts,
  labels: Exclude<Labels, { readonly kind: "value" }>,
  { key, skipped, signal }: { key: Key; skipped: SkippedSamples; signal?: AbortSignal | undefined },
): Promise<BaselinePredictions> {
  const kept = thinned(train);
  const [known, held] = [kept, validation].map((part) => part.filter(hasClass(labels)));
  const read = test.some(({ text }) => text !== undefined)
    ? wordReader(known!, labels)
    : gradientReader(labels, skipped);
  const fittedTo = await read(known!);
  const parts =
    held!.length > 0
      ? { train: fittedTo.features, validation: (await read(held!)).features }
      : heldOut(fittedTo.features, foldIn(key, "baseline"));
  const options = { ...precision, ...(signal && { signal }) };
  const { probe } = await searchProbe(backend, parts, labels.names.length, options);
  const { features, samples } = await read(test);
  const outputs: Float32Array[] = [];
  for await (const logits of logitsOf(backend, probe, features, { signal }))
    outputs.push(probabilities(logits));
  return { targets: targetsOf(samples), outputs, fitted: known!.length + held!.length };
}

const targetsOf = (samples: readonly LabeledSample[]): Target[] =>
  samples.flatMap(({ target }) => target ?? []);

/** Evenly spaced samples, as many as are used. */
function thinned(samples: readonly LabeledSample[]): LabeledSample[] {
  const step = Math.max(1, samples.length / mostSamples);
  const count = Math.min(samples.length, mostSamples);
  return Array.from({ length: count }, (_, index) => samples[Math.floor(index * step)]!);
}

/** The features of samples that can be read, and these samples. */
type Reader = (
  samples: readonly LabeledSample[],
) => Promise<{ readonly features: LabeledFeatures; readonly samples: readonly LabeledSample[] }>;

type Named = { readonly names: readonly string[] };

function wordReader(train: readonly LabeledSample[], labels: Named): Reader {
  const words = new BagOfWords(train);
  const placeOf = placesIn(labels);
  return (samples) =>
    Promise.resolve({
      features: words.of(samples, Int32Array.from(samples, placeOf)),
      samples,
    });
}

function gradientReader(labels: Named, skipped: SkippedSamples): Reader {
  const placeOf = placesIn(labels);
  return async (samples) => {
    const found = await mapLimited(samples, concurrentImages, async (sample) => {
      const image = await decodeSample(sample, skipped);
      return image && gradientHistogram(image);
    });
    const usable = samples.filter((_, index) => found[index]);
    const rows = new Float32Array(usable.length * gradientWidth);
    for (const [row, features] of found.filter((each) => each !== undefined).entries())
      rows.set(features, row * gradientWidth);
    const places = Int32Array.from(usable, placeOf);
    return { features: labeledFeatures(rows, places, gradientWidth), samples: usable };
  };
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
