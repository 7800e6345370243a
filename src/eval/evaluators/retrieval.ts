/** Evaluates retrieval in both directions on a set of images with texts. */
import type { Sample } from "../../data/sample.js";
import { readRows } from "../embedding-store.js";
import type { RetrievalSet } from "../evaluation-set.js";
import { type DescribedImage, type Relation, relate, relateEach } from "../relation.js";
import { type RetrievalResult, retrieve } from "../retrieval.js";
import {
  type EvaluatedImages,
  type EvaluatorContext,
  NotEvaluated,
  embedImages,
} from "./embed-images.js";
import { embedTexts } from "./embed-texts.js";

/** How well images and texts find each other. */
export interface RetrievalEvaluation extends EvaluatedImages {
  readonly kind: "retrieval";
  /** What was evaluated on. */
  readonly set: RetrievalSet;
  /** Samples that were used: several may have one image. */
  readonly samples: number;
  /** Which texts are right for which images. */
  readonly relation: Relation;
  /** Image embeddings: float32 [N, width]. */
  readonly images: Float32Array;
  /** Embeddings of the relation's texts, float32 [T, width]. */
  readonly texts: Float32Array;
  /** Recall in both directions. */
  readonly result: RetrievalResult;
}

export async function evaluateRetrieval(
  set: RetrievalSet,
  context: EvaluatorContext,
): Promise<RetrievalEvaluation> {
  const { embedder, backend, key, signal } = context;
  const found = await embedImages(set.source, "vectors", context, describe);
  const { keys, digests, described } = set.eachText ? inOrder(found) : imagesOnce(found);
  const images = await readRows(context.stores.vectors, digests);
  const relation = set.eachText ? relateEach(described) : relate(described);
  const texts = await embedTexts(context, relation.texts);
  const { width } = embedder;
  const inputs = { images: described, relation, imageVectors: images, textVectors: texts, width };
  const result = await retrieve(backend, inputs, { key, signal });
  const { skipped } = found;
  const samples = found.keys.length;
  return { kind: "retrieval", set, keys, samples, skipped, relation, images, texts, result };
}

type Found = Awaited<ReturnType<typeof embedImages<DescribedImage>>>;

/** Images with their keys and embeddings. */
interface FoundImages extends Pick<Found, "keys" | "digests"> {
  readonly described: readonly DescribedImage[];
}

const inOrder = ({ keys, digests, kept }: Found): FoundImages => ({
  keys,
  digests,
  described: kept,
});

/**
 * Each image once, under the key of its first sample, with the texts of all samples that have it: a table may name an image in a
 * row for each caption.
 */
function imagesOnce(found: Found): FoundImages {
  const first = new Map<string, { readonly index: number; readonly texts: string[] }>();
  for (const [index, { texts, ...others }] of found.kept.entries()) {
    const name = JSON.stringify([found.digests[index], others]);
    const known = first.get(name);
    if (known) known.texts.push(...texts);
    else first.set(name, { index, texts: [...texts] });
  }
  const images = [...first.values()];
  return {
    keys: images.map(({ index }) => found.keys[index]!),
    digests: images.map(({ index }) => found.digests[index]!),
    described: images.map(({ index, texts }) => ({ ...found.kept[index]!, texts })),
  };
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
