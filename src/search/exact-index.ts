/** Nearest neighbors by comparing with everything: exact, and fast enough for a million vectors. */
import type { Backend } from "../backend/backend.js";
import { highest, similaritiesOfEach } from "../inference/similarity.js";
import { readEmbeddings, vectorColumns } from "./embedding-file.js";

interface IndexEntry {
  readonly key: string;
  readonly text?: string;
}

/** An entry that was found. */
interface Hit extends IndexEntry {
  /** Cosine to the query, from -1 to 1. */
  readonly similarity: number;
}

/** Vectors of length 1 with what they stand for. */
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
        `The query has ${query.length} numbers, but the index holds vectors of ${this.width}: ` +
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

/**
 * Reads the vectors of one kind from a file that `flava embed` wrote; by default those of images, or where there are
 * none those of texts.
 */
export async function openIndex(path: string, kind?: "image" | "text"): Promise<ExactIndex> {
  const kept = { image: new Rows(), text: new Rows() };
  for await (const { key, text, image, textVector } of readEmbeddings(path)) {
    const entry = { key, ...(text !== undefined && { text }) };
    if (image && kind !== "text") kept.image.add(entry, image);
    if (textVector && kind !== "image") kept.text.add(entry, textVector);
  }
  const chosen = kind ?? (kept.image.entries.length > 0 ? "image" : "text");
  const { entries, vectors } = kept[chosen];
  const width = vectors[0]?.length;
  if (width === undefined) {
    throw new Error(
      kind === undefined
        ? `${path} holds no vectors.`
        : `${path} holds no vectors of ${kind === "image" ? "images" : "texts"} (${vectorColumns[kind]}).`,
    );
  }
  const all = new Float32Array(entries.length * width);
  for (const [index, vector] of vectors.entries()) {
    if (vector.length !== width) {
      throw new Error(
        `${path} holds vectors of ${width} and of ${vector.length} numbers: they are of two models.`,
      );
    }
    all.set(vector, index * width);
  }
  return new ExactIndex(entries, all, width);
}

class Rows {
  readonly entries: IndexEntry[] = [];
  readonly vectors: Float32Array[] = [];

  add(entry: IndexEntry, vector: Float32Array): void {
    this.entries.push(entry);
    this.vectors.push(vector);
  }
}
