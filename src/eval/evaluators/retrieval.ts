/** Evaluates retrieval in both directions on a set of images with texts. */
import type { Sample } from "../../data/sample.js";
import type { RetrievalSet } from "../evaluation-set.js";
import { type DescribedImage, type Relation, relate } from "../relation.js";
import { type RetrievalResult, retrieve } from "../retrieval.js";
import {
  type EvaluatedImages,
  type EvaluatorContext,
  NotEvaluated,
  embedImages,
} from "./embed-images.js";

export interface RetrievalEvaluation extends EvaluatedImages {
  readonly kind: "retrieval";
  readonly set: RetrievalSet;
  readonly relation: Relation;
  /** Embeddings of the distinct texts, float32 [T, width]. */
  readonly texts: Float32Array;
  readonly result: RetrievalResult;
}

export async function evaluateRetrieval(
  set: RetrievalSet,
  context: EvaluatorContext,
): Promise<RetrievalEvaluation> {
  const { embedder, backend, key, signal } = context;
  const { kept: images, ...embedded } = await embedImages(set.source, "vectors", context, describe);
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

function describe({ texts, fields }: Sample): DescribedImage | NotEvaluated {
  const { group, seen } = fields;
  if (seen !== undefined && typeof seen !== "boolean") {
    return new NotEvaluated(
      `has the field seen: ${JSON.stringify(seen)}, which is not true or false`,
    );
  }
  const hasGroup = typeof group === "string" || typeof group === "number";
  return {
    texts,
    ...(hasGroup && { group: String(group) }),
    ...(seen !== undefined && { seen }),
  };
}
