/** Evaluates a model on an evaluation set: embeds the samples and computes metrics. */
import type { Backend } from "../backend/backend.js";
import { type Key, foldIn, keyOf, uniformAt } from "../base/random.js";
import type { Sample } from "../data/sample.js";
import type { DecodeOptions } from "../data/image/decode.js";
import { SkippedSamples } from "../data/batch/skipped.js";
import type { Source } from "../data/formats/source.js";
import { embedSamples } from "../inference/embed-samples.js";
import type { Embedder } from "../inference/embedder.js";
import { chosenRows, concatenated } from "../inference/similarity.js";
import type { ClassificationResult } from "./classification.js";
import {
  type EvaluationSet,
  type LinearProbeSet,
  type RetrievalSet,
  type ZeroShotSet,
} from "./evaluation-set.js";
import { type LabeledFeatures, predict } from "./linear-probe.js";
import { type ProbeSearch, searchProbe } from "./probe-search.js";
import { embedClasses } from "../inference/prompts.js";
import { type DescribedImage, type Relation, relate } from "./relation.js";
import { type RetrievalResult, retrieve } from "./retrieval.js";
import { classifyZeroShot } from "./zero-shot.js";

export interface EvaluateOptions {
  /** Random key for bootstrap intervals, and for a probe's split without a validation part; default: `keyOf(0)`. */
  readonly key?: Key;
  readonly decode?: DecodeOptions;
  /** Called with the number of embedded samples of the current part. */
  readonly onProgress?: (samples: number) => void;
  /** Stops the evaluation: it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

interface Evaluator extends EvaluateOptions {
  readonly embedder: Embedder;
  readonly backend: Backend;
  readonly key: Key;
}

interface AnyEvaluation {
  /** The sample key of each image. */
  readonly keys: readonly string[];
  /** Image embeddings, or features for a probe: float32 [N, width]. */
  readonly images: Float32Array;
  readonly skipped: SkippedSamples;
}

interface LabeledEvaluation extends AnyEvaluation {
  /** For each label that is not in the set, the number of samples skipped because of it. */
  readonly unknownLabels: ReadonlyMap<string, number>;
}

interface ZeroShotEvaluation extends LabeledEvaluation {
  readonly kind: "zero-shot";
  readonly set: ZeroShotSet;
  readonly labels: Int32Array;
  readonly result: ClassificationResult;
}

interface LinearProbeEvaluation extends LabeledEvaluation {
  readonly kind: "linear probe";
  readonly set: LinearProbeSet;
  readonly labels: Int32Array;
  readonly result: ClassificationResult;
  readonly search: ProbeSearch;
  /** Number of images the probe was fitted to, including the validation part. */
  readonly fitted: number;
}

export interface RetrievalEvaluation extends AnyEvaluation {
  readonly kind: "retrieval";
  readonly set: RetrievalSet;
  readonly relation: Relation;
  /** Embeddings of the distinct texts, float32 [T, width]. */
  readonly texts: Float32Array;
  readonly result: RetrievalResult;
}

/** Results of a classification. */
export type ClassificationEvaluation = ZeroShotEvaluation | LinearProbeEvaluation;
export type Evaluation = ClassificationEvaluation | RetrievalEvaluation;

/**
 * Evaluates a model on `set`: zero-shot classification, a linear probe or retrieval. Unusable samples are skipped and
 * counted.
 *
 * @param model a loaded `Flava`, or anything else with an embedder
 * @returns embeddings of the set's samples, metrics with 95 % intervals and chance levels, and what was skipped
 * @throws Error if no sample can be used
 */
export function evaluate(
  set: EvaluationSet,
  { embedder }: { readonly embedder: Embedder },
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  const evaluator = { key: keyOf(0), ...options, embedder, backend: embedder.backend };
  switch (set.kind) {
    case "zero-shot":
      return evaluateZeroShot(set, evaluator);
    case "linear probe":
      return evaluateLinearProbe(set, evaluator);
    case "retrieval":
      return evaluateRetrieval(set, evaluator);
  }
}

async function evaluateZeroShot(set: ZeroShotSet, options: Evaluator): Promise<ZeroShotEvaluation> {
  const { embedder, backend, key, signal } = options;
  const finder = new ClassFinder(set);
  const { kept, ...embedded } = await embedImages(set.source, "vectors", options, finder.classOf);
  const { width } = embedder;
  const classes = await embedClasses(set.classes, set.templates, width, (texts) =>
    embedder.texts(texts, signal),
  );
  const labels = Int32Array.from(kept);
  const inputs = { images: embedded.images, labels, classes, width };
  const result = await classifyZeroShot(backend, inputs, key, signal);
  const { unknownLabels } = finder;
  return { kind: "zero-shot", set, ...embedded, labels, result, unknownLabels };
}

/** Fraction of the training part used to choose the regularization if there is no validation part. */
const heldOut = 0.2;

async function evaluateLinearProbe(
  set: LinearProbeSet,
  options: Evaluator,
): Promise<LinearProbeEvaluation> {
  const { embedder, backend, key, signal } = options;
  const skipped = new SkippedSamples(); // from all parts
  const finder = new ClassFinder(set);
  const part = (source: Source) =>
    embedImages(source, "features", { ...options, skipped }, finder.classOf);
  const width = embedder.featureWidth;
  const train = await part(set.train);
  const validation = set.validation && (await part(set.validation));
  const { kept, ...embedded } = await part(set.source);
  const parts = validation
    ? { train: labeled(train), validation: labeled(validation) }
    : split(labeled(train), width, key);
  const sizes = { width, classes: set.classes.length };
  const search = await searchProbe(backend, parts, sizes, { ...(signal && { signal }) });
  const labels = Int32Array.from(kept);
  const predictions = await predict(backend, search.probe, { features: embedded.images, labels });
  return {
    kind: "linear probe",
    set,
    ...embedded,
    labels,
    result: predictions.result(key),
    unknownLabels: finder.unknownLabels,
    search,
    fitted: train.keys.length + (validation?.keys.length ?? 0),
  };
}

const labeled = ({ images, kept }: { images: Float32Array; kept: number[] }): LabeledFeatures => ({
  features: images,
  labels: Int32Array.from(kept),
});

/** Randomly splits the items into two parts. */
function split(
  { features, labels }: LabeledFeatures,
  width: number,
  key: Key,
): { readonly train: LabeledFeatures; readonly validation: LabeledFeatures } {
  const own = foldIn(key, "validation");
  const lots = Array.from(labels, (_, item) => uniformAt(own, item));
  const part = (isHeldOut: boolean): LabeledFeatures => {
    const items = [...labels.keys()].filter((item) => lots[item]! < heldOut === isHeldOut);
    return {
      features: chosenRows(features, items, width),
      labels: Int32Array.from(items, (item) => labels[item]!),
    };
  };
  return { train: part(false), validation: part(true) };
}

/** Finds the classes of samples, and counts labels that are not in the set. */
class ClassFinder {
  readonly unknownLabels = new Map<string, number>();
  readonly #classes: ReadonlyMap<string, number>;

  constructor({ labels }: ZeroShotSet | LinearProbeSet) {
    this.#classes = new Map(labels.map((label, index) => [label, index]));
  }

  /** The class index of a sample. */
  readonly classOf = ({ label }: Sample): number | Unusable => {
    if (label === undefined) return new Unusable("has no label");
    const found = this.#classes.get(label);
    if (found !== undefined) return found;
    this.unknownLabels.set(label, (this.unknownLabels.get(label) ?? 0) + 1);
    const name = JSON.stringify(label);
    return new Unusable(
      `has the label ${name}, which is none of the ${this.#classes.size} classes`,
    );
  };
}

async function evaluateRetrieval(
  set: RetrievalSet,
  options: Evaluator,
): Promise<RetrievalEvaluation> {
  const { embedder, backend, key, signal } = options;
  const { kept: images, ...embedded } = await embedImages(set.source, "vectors", options, describe);
  const relation = relate(images);
  const texts = await embedder.texts(relation.texts, signal);
  const result = await retrieve(
    backend,
    { images, relation, imageVectors: embedded.images, textVectors: texts, width: embedder.width },
    key,
    signal,
  );
  return { kind: "retrieval", set, ...embedded, relation, texts, result };
}

function describe({ texts, fields }: Sample): DescribedImage | Unusable {
  const { group, seen } = fields;
  if (seen !== undefined && typeof seen !== "boolean") {
    return new Unusable(`has the field seen: ${JSON.stringify(seen)}, which is not true or false`);
  }
  const hasGroup = typeof group === "string" || typeof group === "number";
  return {
    texts,
    ...(hasGroup && { group: String(group) }),
    ...(seen !== undefined && { seen }),
  };
}

/** Why a sample is not evaluated. */
class Unusable {
  constructor(readonly reason: string) {}
}

/** Embeds images and collects the result of `read` for each sample. */
async function embedImages<T>(
  source: Source,
  kind: "vectors" | "features",
  {
    embedder,
    decode,
    signal,
    onProgress,
    skipped = new SkippedSamples(),
  }: Evaluator & { readonly skipped?: SkippedSamples },
  read: (sample: Sample) => T | Unusable,
): Promise<AnyEvaluation & { readonly kept: T[] }> {
  const [keys, kept, vectors]: [string[], T[], Float32Array[]] = [[], [], []];
  const options = { images: kind, skipped, ...(decode && { decode }), ...(signal && { signal }) };
  for await (const embedded of embedSamples(embedder, source.read({ skipped }), options)) {
    for (const { sample, image } of embedded) {
      const taken = image ? read(sample) : new Unusable("has no image");
      if (taken instanceof Unusable) {
        skipped.add(sample.key, image ? "unwanted" : "missing", `It ${taken.reason}.`);
      } else {
        keys.push(sample.key);
        kept.push(taken);
        vectors.push(image!);
      }
    }
    onProgress?.(keys.length);
  }
  skipped.requireUsed(source.name, keys.length);
  return { keys, kept, images: concatenated(vectors), skipped };
}
