/** A model on an evaluation set: its samples embedded, and what that is worth. */
import type { Backend } from "../backend/backend.js";
import type { Key } from "../base/random.js";
import type { Sample } from "../data/sample.js";
import { SkippedSamples } from "../data/skipped.js";
import { embedSamples } from "../model/embed-samples.js";
import type { Embedder } from "../model/embedder.js";
import type { EvaluationSet, RetrievalSet, ZeroShotSet } from "./evaluation-set.js";
import { EvaluationSetError } from "./evaluation-set.js";
import { embedClasses } from "./prompts.js";
import { type DescribedPicture, type Relation, relate } from "./relation.js";
import { type RetrievalResult, retrieve } from "./retrieval.js";
import { type ZeroShotResult, classifyZeroShot } from "./zero-shot.js";

export interface EvaluateOptions {
  readonly embedder: Embedder;
  readonly backend: Backend;
  /** Of the intervals. */
  readonly key: Key;
  /** Told of the number of samples that are embedded. */
  readonly onProgress?: (samples: number) => void;
  readonly signal?: AbortSignal;
}

interface AnyEvaluation {
  /** By picture: the key of its sample. */
  readonly keys: readonly string[];
  /** Vectors of the pictures, float32 [N, width]. */
  readonly images: Float32Array;
  readonly skipped: SkippedSamples;
}

export interface ZeroShotEvaluation extends AnyEvaluation {
  readonly kind: "zero-shot";
  readonly set: ZeroShotSet;
  readonly labels: Int32Array;
  readonly result: ZeroShotResult;
}

export interface RetrievalEvaluation extends AnyEvaluation {
  readonly kind: "retrieval";
  readonly set: RetrievalSet;
  readonly relation: Relation;
  /** Vectors of the distinct texts, float32 [T, width]. */
  readonly texts: Float32Array;
  readonly result: RetrievalResult;
}

export type Evaluation = ZeroShotEvaluation | RetrievalEvaluation;

/** Evaluates on `set`; samples that cannot be used are skipped and counted. */
export function evaluate(set: EvaluationSet, options: EvaluateOptions): Promise<Evaluation> {
  return set.kind === "zero-shot"
    ? evaluateZeroShot(set, options)
    : evaluateRetrieval(set, options);
}

async function evaluateZeroShot(
  set: ZeroShotSet,
  options: EvaluateOptions,
): Promise<ZeroShotEvaluation> {
  const { embedder, backend, key, signal } = options;
  const places = new Map(set.classes.map((name, index) => [name, index]));
  const found = await embedPictures(set, options, ({ label }) => {
    const place = label === undefined ? undefined : places.get(label);
    if (place !== undefined) return place;
    const said = label === undefined ? "no label" : `the label ${JSON.stringify(label)}`;
    return new Unusable(`has ${said}, which is none of the ${set.classes.length} classes`);
  });
  const { width } = embedder;
  const classes = await embedClasses(set.classes, set.templates, width, (texts) =>
    embedder.texts(texts, signal),
  );
  const { kept, ...embedded } = found;
  const labels = Int32Array.from(kept);
  const inputs = { images: embedded.images, labels, classes, width };
  const result = await classifyZeroShot(backend, inputs, key, signal);
  return { kind: "zero-shot", set, ...embedded, labels, result };
}

async function evaluateRetrieval(
  set: RetrievalSet,
  options: EvaluateOptions,
): Promise<RetrievalEvaluation> {
  const { embedder, backend, key, signal } = options;
  const { kept: pictures, ...embedded } = await embedPictures(set, options, describe);
  const relation = relate(pictures);
  const texts = await embedder.texts(relation.texts, signal);
  const inputs = { pictures, relation, images: embedded.images, texts, width: embedder.width };
  const result = await retrieve(backend, inputs, key, signal);
  return { kind: "retrieval", set, ...embedded, relation, texts, result };
}

function describe({ texts, fields }: Sample): DescribedPicture | Unusable {
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

/** Why a sample is no part of the evaluation. */
class Unusable {
  constructor(readonly reason: string) {}
}

/** Embeds the set's pictures and keeps of each sample what `read` takes from it. */
async function embedPictures<T>(
  { name, source }: EvaluationSet,
  { embedder, signal, onProgress }: EvaluateOptions,
  read: (sample: Sample) => T | Unusable,
): Promise<AnyEvaluation & { readonly kept: T[] }> {
  const skipped = new SkippedSamples();
  const [keys, kept, vectors]: [string[], T[], Float32Array[]] = [[], [], []];
  const options = { skipped, ...(signal && { signal }) };
  for await (const { samples } of embedSamples(embedder, source.read({ skipped }), options)) {
    for (const { sample, image } of samples) {
      const taken = image ? read(sample) : new Unusable("has no picture");
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
  if (keys.length === 0) {
    const first = skipped.first[0];
    throw new EvaluationSetError(
      `${name} has no sample that can be used. ${skipped.summary()}` +
        (first ? `; the first: ${first.key}: ${first.message}` : ""),
    );
  }
  return { keys, kept, images: concatenated(vectors, embedder.width), skipped };
}

function concatenated(vectors: readonly Float32Array[], width: number): Float32Array {
  const all = new Float32Array(vectors.length * width);
  for (const [index, vector] of vectors.entries()) all.set(vector, index * width);
  return all;
}
