/** What all indexes of vectors have in common. */
import type { Abortable, CallOptions } from "../base/call-options.js";
import type { ImagePlace } from "../data/image-place.js";
import { type EmbeddingOrigin, type EmbeddingRow, isSameModel } from "./embedding-file.js";

/** Which vectors of a sample: that of its image, or that of its text. */
export type VectorKind = "image" | "text";

export const vectorKinds: readonly VectorKind[] = ["image", "text"];

/** A sample in an index, with its vectors. */
export interface IndexRow extends Omit<EmbeddingRow, "digest"> {
  /** Where the image is, if it can be read again. */
  readonly place?: ImagePlace;
  /** Size and times of the file at that place when it was read. */
  readonly stamp?: string;
  /** SHA-256 of the image's bytes, or of the text of a sample without image, in base64. */
  readonly content?: string;
}

/** A sample in an index, without its vectors. */
export type IndexEntry = Omit<IndexRow, "image" | "textVector">;

/** An entry found by a search. */
export interface Hit extends IndexEntry {
  /** The dot product with the query, for unit vectors their cosine similarity, from -1 to 1. */
  readonly similarity: number;
}

/**
 * Values by name: of the label, the key, the path, the text, or one of the fields. An entry passes if it has all of them;
 * numbers and truth values are compared as they are written in JSON, and a list has each of its elements.
 */
export type Filter = Readonly<Record<string, string | readonly string[]>>;

/** How many hits, of which kind. Progress is in queries. */
export interface SearchOptions extends CallOptions {
  /** Number of hits; default: 10. */
  readonly top?: number;
  /** Which vectors to compare with; default: those of images, or of texts if there are none. */
  readonly kind?: VectorKind;
  /** Finds only entries with these values. */
  readonly filter?: Filter;
}

/**
 * Vectors of samples that can be searched, added, replaced and deleted. Calls may overlap: each search sees all updates that
 * were acknowledged before it began.
 */
export interface VectorIndex extends AsyncDisposable {
  /** The model and source of the vectors. */
  readonly origin: EmbeddingOrigin;
  /** Number of vectors of a kind. */
  count(kind: VectorKind): Promise<number>;
  /**
   * Adds samples, or replaces those with the same key. When it resolves, they survive a crash.
   * @throws RangeError if a vector has a different width or is not finite; then nothing is added
   */
  put(rows: readonly IndexRow[], options?: CallOptions): Promise<void>;
  /** Deletes the samples with these keys, if there are any; resolves to how many there were. */
  delete(keys: readonly string[], options?: Abortable): Promise<number>;
  /** The samples with these keys, undefined for those that are not there. */
  get(keys: readonly string[], options?: Abortable): Promise<(IndexRow | undefined)[]>;
  /** All entries. */
  entries(options?: Abortable): AsyncIterable<IndexEntry>;
  /**
   * The entries nearest to a query, nearest first, or to each of several. Of entries with the same image path, which rows of a
   * table may have, the nearest is found, and in a search among texts all are.
   *
   * @param query an L2-normalized embedding, float32 [D]
   * @throws RangeError if it has a different width or is not finite; UnknownFieldError if no entry has a field that the filter
   *   asks for
   */
  search(query: Float32Array, options?: SearchOptions): Promise<Hit[]>;
  search(queries: readonly Float32Array[], options?: SearchOptions): Promise<Hit[][]>;
  /**
   * Takes in what other processes have changed since the index was opened or last refreshed.
   * @throws SourceError if it cannot be read any more, Error if it was made anew with another model; then it stays as it was
   */
  refresh(options?: Abortable): Promise<void>;
  /** Merges the files of many updates, which makes the next opening faster and frees the space of what was replaced. */
  compact(options?: Abortable): Promise<void>;
  /** Waits for running calls and frees the memory. */
  close(): Promise<void>;
}

/** What a search compares with unless it says so: the vectors of images, or those of texts if there are none. */
export const usualKind = async (index: Pick<VectorIndex, "count">): Promise<VectorKind> =>
  (await index.count("image")) > 0 ? "image" : "text";

/** The vector of a kind, if the sample has one. */
export function vectorOf(row: IndexRow, kind: VectorKind): Float32Array | undefined {
  return kind === "image" ? row.image : row.textVector;
}

/** The row without its vectors. */
export function entryOf({ image: _, textVector: __, ...entry }: IndexRow): IndexEntry {
  return entry;
}

/** @throws Error if an index is not of the model any more that it was opened for */
export function requireSameModel(
  path: string,
  before: EmbeddingOrigin,
  now: EmbeddingOrigin,
): void {
  if (isSameModel(before, now)) return;
  throw new Error(
    `${path} was made anew with another model, ${now.model}. Open it again with that model.`,
  );
}

/** @throws RangeError unless all vectors have this width and are finite */
export function requireVectors(rows: readonly IndexRow[], width: number): void {
  for (const row of rows) {
    for (const kind of vectorKinds) {
      const vector = vectorOf(row, kind);
      if (!vector) continue;
      if (vector.length !== width)
        throw widthError(`The ${kind} vector of ${row.key}`, vector, width);
      if (!vector.every(Number.isFinite)) {
        throw new RangeError(`The ${kind} vector of ${row.key} has numbers that are not finite.`);
      }
    }
  }
}

/** @throws RangeError unless all queries have this width and are finite, and `top` is a number of hits */
export function requireSearch(queries: readonly Float32Array[], width: number, top: number): void {
  for (const query of queries) {
    if (query.length !== width) throw widthError("The query", query, width);
    if (!query.every(Number.isFinite))
      throw new RangeError("The query has numbers that are not finite.");
  }
  if (!Number.isSafeInteger(top) || top < 1)
    throw new RangeError(`Expected a number of hits >= 1, but got ${top}.`);
}

function widthError(what: string, vector: Float32Array, width: number): RangeError {
  return new RangeError(
    `${what} has ${vector.length} numbers, but the index has vectors of ${width}: use the model that embedded them.`,
  );
}
