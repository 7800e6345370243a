/** Exact nearest-neighbor search, fast enough for a million vectors. */
import type { Backend } from "../backend/backend.js";
import { highest, similaritiesOfEach } from "../inference/similarity.js";
import { type EmbeddingOrigin, openEmbeddings, vectorColumns } from "./embedding-file.js";

interface IndexEntry {
  readonly key: string;
  /** Where it was read from, if known. */
  readonly path?: string;
  readonly text?: string;
}

/** An entry found by a search. */
interface Hit extends IndexEntry {
  /** Cosine to the query, from -1 to 1. */
  readonly similarity: number;
}

/** Embeddings, and the samples that they are of. */
export class ExactIndex {
  /** @param vectors of the entries, float32 [N, width] */
  constructor(
    readonly entries: readonly IndexEntry[],
    readonly vectors: Float32Array,
    readonly width: number,
  ) {}

  /** The `top` entries nearest to `query`, float32 [width] at length 1, the nearest first. */
  async search(backend: Backend, query: Float32Array, top = 10): Promise<Hit[]> {
    if (query.length !== this.width) {
      throw new RangeError(
        `The query has ${query.length} numbers, but the index has vectors of ${this.width}: ` +
          "search with the model that embedded them.",
      );
    }
    const hits: Hit[] = [];
    for await (const { scores } of similaritiesOfEach(backend, query, this.vectors, this.width)) {
      for (const index of highest(scores, top)) {
        hits.push({ ...this.entries[index]!, similarity: scores[index]! });
      }
    }
    return hits;
  }
}

/** An index from a file, and what the file was made from. */
interface OpenedIndex {
  readonly index: ExactIndex;
  readonly origin: EmbeddingOrigin;
}

/**
 * Reads the embeddings of one kind from a file that `flava embed` wrote; by default those of images, or of texts if there
 * are none.
 */
export async function openIndex(path: string, kind?: "image" | "text"): Promise<OpenedIndex> {
  const kept = { image: new Rows(), text: new Rows() };
  const { origin, rows } = await openEmbeddings(path);
  for await (const { image, textVector, ...entry } of rows()) {
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
      throw new Error(
        `${path} has embeddings of ${vector.length} numbers among those of ${width}.`,
      );
    }
    all.set(vector, index * width);
  }
  return { index: new ExactIndex(entries, all, width), origin };
}

class Rows {
  readonly entries: IndexEntry[] = [];
  readonly vectors: Float32Array[] = [];

  add(entry: IndexEntry, vector: Float32Array): void {
    this.entries.push(entry);
    this.vectors.push(vector);
  }
}
