/** The baselines of a task: what is reached without the model. */
import { foldIn } from "../base/random.js";
import { SkippedSamples } from "../data/batch/skipped.js";
import { isKnown, labelsOf } from "../data/labeled/labels.js";
import type { LabeledSample } from "../data/labeled-sample.js";
import type { LabeledSource } from "../data/labeled-source.js";
import {
  type BaselineParts,
  type BaselinePredictions,
  chanceOf,
  mostFrequent,
  simpleBaseline,
} from "../eval/baselines/baselines.js";
import { bootstrap } from "../eval/bootstrap.js";
import { measuresWithIntervals } from "../eval/evaluate-task.js";
import type { EvaluatorContext } from "../eval/evaluators/embed-images.js";
import type { RetrievalEvaluation } from "../eval/evaluators/retrieval.js";
import type { OpenedTask } from "../eval/tasks/open-task.js";
import type { LabeledTask } from "../eval/tasks/task.js";
import { readSamples } from "./labeled-images.js";
import { isMetric, meanMetrics } from "./mean-metrics.js";
import type { Baselines, Metrics } from "./outcome.js";

/** The simple method for each kind of samples. */
const methods: Readonly<Record<LabeledTask["inputs"], string>> = {
  image: "gradient histograms",
  text: "bag of words",
  "text pair": "bag of words",
  "image and text": "words, no image",
};

/** The baselines of a task with labels; undefined for a task with values, which has no classes to tell apart. */
export async function labeledBaselines(
  { inputs, classes }: LabeledTask,
  { train, validation, test }: OpenedTask<LabeledSource>,
  { backend, key, signal }: EvaluatorContext,
): Promise<Baselines | undefined> {
  const skipped = new SkippedSamples(); // the run of the model reports what is left out
  const read = (parts: readonly LabeledSource[]) => readSamples(parts, skipped);
  const fitted = await read(train[0] ?? []);
  const labels =
    classes.length > 0 ? ({ kind: "class", names: classes } as const) : labelsOf("scores", fitted);
  if (labels.kind === "value") return undefined;
  const known = (samples: readonly LabeledSample[]): LabeledSample[] =>
    samples.filter(({ target }) => target && isKnown(labels, target));
  const parts: BaselineParts = {
    train: known(fitted),
    validation: known(await read(validation)),
    test: known(await read(test)),
  };
  const metrics = ({ targets, outputs }: BaselinePredictions, name: string): Metrics =>
    meanMetrics([measuresWithIntervals({ labels, targets, outputs }, foldIn(key, name), isMetric)]);
  const constant = mostFrequent(parts, labels);
  const simple = await simpleBaseline(backend, parts, labels, { key, skipped, signal });
  return {
    chance: chanceOf(labels, constant.targets),
    mostFrequent: metrics(constant, "most frequent"),
    simple: metrics(simple, "simple"),
    method: methods[inputs],
  };
}

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
