/** Exact nearest-neighbor search, fast enough for a million vectors. */
import type { CallOptions } from "../base/call-options.js";
import type { Backend } from "../backend/backend.js";
import { highest, similaritiesOfEach } from "../inference/similarity.js";
import { type EmbeddingOrigin, openEmbeddings, vectorColumns } from "./embedding-file.js";
import type { EmbeddingModel } from "./embedding-model.js";
import { modelFingerprint } from "./model-fingerprint.js";

export interface IndexEntry {
  readonly key: string;
  /** The path it was read from, if known. */
  readonly path?: string;
  readonly text?: string;
}

/** An entry found by a search. */
export interface Hit extends IndexEntry {
  /** Cosine similarity to the query, from -1 to 1. */
  readonly similarity: number;
}

export interface SearchOptions {
  /** Number of hits; default: 10. */
  readonly top?: number;
  /** Stops the search: it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Embeddings with their samples. */
export class ExactIndex {
  /**
   * @param backend computes the similarities
   * @param vectors of the entries, float32 [N, width]
   */
  constructor(
    readonly backend: Backend,
    readonly entries: readonly IndexEntry[],
    readonly vectors: Float32Array,
    readonly width: number,
  ) {}

  /**
   * The entries nearest to `query`, nearest first.
   *
   * @param query an L2-normalized embedding, float32 [width]
   * @throws RangeError if the query has a different width
   */
  async search(query: Float32Array, { top = 10, signal }: SearchOptions = {}): Promise<Hit[]> {
    if (query.length !== this.width) {
      throw new RangeError(
        `The query has ${query.length} numbers, but the index has vectors of ${this.width}: ` +
          "search with the model that embedded them.",
      );
    }
    const { backend, vectors, width } = this;
    const hits: Hit[] = [];
    for await (const { scores } of similaritiesOfEach(backend, query, vectors, width, signal)) {
      for (const index of highest(scores, top)) {
        hits.push({ ...this.entries[index]!, similarity: scores[index]! });
      }
    }
    return hits;
  }
}

export interface OpenIndexOptions extends Pick<CallOptions, "signal"> {
  /** Kind of embeddings to search; default: those of images, or of texts if there are none. */
  readonly kind?: "image" | "text";
}

/**
 * Reads the embeddings of one kind from a file written by `flava embed` or `runEmbeddingJob`.
 *
 * @param searching the model that will embed the queries, such as a loaded `Flava`
 * @throws Error if the file has no such embeddings, or they were made by a different model
 */
export async function openIndex(
  path: string,
  searching: EmbeddingModel,
  { kind, signal }: OpenIndexOptions = {},
): Promise<ExactIndex> {
  const kept = { image: new Rows(), text: new Rows() };
  const { origin, rows } = await openEmbeddings(path);
  requireSearchable(path, origin, searching);
  for await (const { image, textVector, ...entry } of rows()) {
    signal?.throwIfAborted();
    if (image && kind !== "text") kept.image.add(entry, image);
    if (textVector && kind !== "image") kept.text.add(entry, textVector);
  }
  const chosen = kind ?? (kept.image.entries.length > 0 ? "image" : "text");
  const { entries, vectors } = kept[chosen];
  if (entries.length === 0) {
    throw new Error(
      kind === undefined
        ? `${path} has no embeddings.`
        : `${path} has no embeddings of ${kind}s (column ${vectorColumns[kind]}).`,
    );
  }
  const { width } = origin;
  const all = new Float32Array(entries.length * width);
  for (const [index, vector] of vectors.entries()) {
    if (vector.length !== width) {
      throw new Error(`${path} has embeddings of different widths: ${width} and ${vector.length}.`);
    }
    all.set(vector, index * width);
  }
  return new ExactIndex(searching.embedder.backend, entries, all, width);
}

function requireSearchable(path: string, origin: EmbeddingOrigin, { model }: EmbeddingModel): void {
  if (origin.features) {
    throw new Error(
      `${path} holds features, in which images and texts cannot be compared. Embed without --features to search.`,
    );
  }
  if (modelFingerprint(model) === origin.fingerprint) return;
  throw new Error(
    `${path} was embedded by another model, ${origin.model}. Search with that model, or embed again with ` +
      `${model.path}.`,
  );
}

class Rows {
  readonly entries: IndexEntry[] = [];
  readonly vectors: Float32Array[] = [];

  add(entry: IndexEntry, vector: Float32Array): void {
    this.entries.push(entry);
    this.vectors.push(vector);
  }
}
