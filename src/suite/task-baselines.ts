/** The baselines of a task: what is reached without the model. */
import { foldIn } from "../base/random.js";
import { SkippedSamples } from "../data/batch/skipped.js";
import { type Labels, isKnown, labelsOf } from "../data/labeled/labels.js";
import type { LabeledSample, Target } from "../data/labeled-sample.js";
import type { LabeledSource } from "../data/labeled-source.js";
import {
  type BaselineParts,
  chanceOf,
  gradientParts,
  mostFrequent,
  simpleBaseline,
  wordParts,
} from "../eval/baselines/baselines.js";
import { bootstrap } from "../eval/bootstrap.js";
import { measuresWithIntervals } from "../eval/evaluate-task.js";
import type { EmbeddingStore } from "../eval/embedding-store.js";
import type { EvaluatorContext } from "../eval/evaluators/embed-images.js";
import type { LinearProbeEvaluation, ProbedImages } from "../eval/evaluators/linear-probe.js";
import type { RetrievalEvaluation } from "../eval/evaluators/retrieval.js";
import type { OpenedTask } from "../eval/tasks/open-task.js";
import type { LabeledTask } from "../eval/tasks/task.js";
import { readSamples } from "./labeled-images.js";
import { isMetric, meanMetrics } from "./mean-metrics.js";
import type { Baselines, Metrics } from "./outcome.js";

/** What a set of labeled samples gives to the baselines. */
interface BaselineData {
  readonly labels: Exclude<Labels, { readonly kind: "value" }>;
  /** The targets of the samples that are learned from, and of those that are scored. */
  readonly train: readonly Target[];
  readonly test: readonly Target[];
  readonly parts: BaselineParts;
  /** Names the simple method. */
  readonly method: string;
}

/** The baselines of a task with texts; undefined for a task with values, which has no classes to tell apart. */
export async function textBaselines(
  { inputs, classes }: LabeledTask,
  { train, validation, test }: OpenedTask<LabeledSource>,
  context: EvaluatorContext,
): Promise<Baselines | undefined> {
  const skipped = new SkippedSamples(); // the run of the model reports what is left out
  const read = (parts: readonly LabeledSource[]) => readSamples(parts, skipped);
  const fitted = await read(train[0] ?? []);
  const labels =
    classes.length > 0 ? ({ kind: "class", names: classes } as const) : labelsOf("scores", fitted);
  if (labels.kind === "value") return undefined;
  const known = (samples: readonly LabeledSample[]): LabeledSample[] =>
    samples.filter(({ target }) => target && isKnown(labels, target));
  const samples = {
    train: known(fitted),
    validation: known(await read(validation)),
    test: known(await read(test)),
  };
  const data = {
    labels,
    ...{ train: targetsOf(samples.train), test: targetsOf(samples.test) },
    parts: wordParts(samples, labels),
    method: inputs === "image and text" ? "words, no image" : "bag of words",
  };
  return labeledBaselines(data, context);
}

/** The baselines of a task with images, by the gradient histograms that were kept when the probe was fitted. */
export async function imageBaselines(
  { classes }: LabeledTask,
  { parts }: LinearProbeEvaluation,
  gradients: EmbeddingStore,
  context: EvaluatorContext,
): Promise<Baselines> {
  const targets = ({ labels }: ProbedImages): Target[] =>
    Array.from(labels, (label) => ({ kind: "class", label: classes[label]! }));
  const data = {
    labels: { kind: "class", names: classes } as const,
    ...{ train: targets(parts.train), test: targets(parts.test) },
    parts: gradientParts(parts, gradients),
    method: "gradient histograms",
  };
  return labeledBaselines(data, context);
}

async function labeledBaselines(
  { labels, train, test, parts, method }: BaselineData,
  { backend, key, signal, probe }: EvaluatorContext,
): Promise<Baselines> {
  const metrics = (outputs: readonly Float32Array[], name: string): Metrics => {
    const predicted = { labels, targets: test, outputs };
    return meanMetrics([measuresWithIntervals(predicted, foldIn(key, name), isMetric)]);
  };
  const constant = mostFrequent(train, labels);
  const outputs = await simpleBaseline(backend, parts, labels.names.length, {
    ...{ key, signal },
    ...(probe?.onProgress && { onProgress: probe.onProgress }),
  });
  return {
    chance: chanceOf(labels, test),
    mostFrequent: metrics(
      test.map(() => constant),
      "most frequent",
    ),
    simple: metrics(outputs, "simple"),
    method,
  };
}

const targetsOf = (samples: readonly LabeledSample[]): Target[] =>
  samples.flatMap(({ target }) => target ?? []);

/** The baselines of retrieval: any order, and one order of the candidates for all queries. */
export function retrievalBaselines(
  { result: { imageToText, textToImage }, relation: { textsOf, imagesOf } }: RetrievalEvaluation,
  { key }: EvaluatorContext,
): Baselines {
  const [text, image] = [imageToText.all.chance, textToImage.all.chance];
  const first = (queries: readonly Int32Array[], k: number, name: string) =>
    bootstrap(
      queries.map((right) => (right.some((candidate) => candidate < k) ? 1 : 0)),
      foldIn(key, name),
    );
  const recalls = ([1, 5, 10] as const).flatMap((k) => [
    [`text R@${k}`, first(textsOf, k, `text ${k}`)],
    [`image R@${k}`, first(imagesOf, k, `image ${k}`)],
  ]);
  return {
    chance: {
      ...{ "text R@1": text[0], "text R@5": text[1], "text R@10": text[2] },
      ...{ "image R@1": image[0], "image R@5": image[1], "image R@10": image[2] },
    },
    mostFrequent: {},
    simple: Object.fromEntries(recalls) as Metrics,
    method: "one order for all",
  };
}
