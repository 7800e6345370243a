/** Exact nearest-neighbor search: an 8-bit scan of all vectors, rescored with the vectors themselves. */
import type { Abortable, CallOptions } from "../base/call-options.js";
import type { Backend } from "../backend/backend.js";
import { CallQueue } from "../inference/call-queue.js";
import type { EmbeddingOrigin } from "./embedding-file.js";
import { type Filter, passes } from "./filter.js";
import { IndexDirectory, type OpenSegment } from "./index-directory.js";
import type { Update } from "./index-log.js";
import { openVectors, readEntries, verifyVectors } from "./index-segment.js";
import type { Candidate } from "./shortlist.js";
import {
  type Hit,
  type IndexEntry,
  type IndexRow,
  type SearchOptions,
  type VectorIndex,
  type VectorKind,
  entryOf,
  requireQueries,
  requireVectors,
  vectorKinds,
  vectorOf,
} from "./vector-index.js";
import { VectorTable } from "./vector-table.js";

export interface OpenExactOptions {
  /** Whether the index will be changed, which one process at a time may do. Default: false. */
  readonly writable?: boolean;
  /**
   * The log of updates is merged into the segment when it has more bytes than this, and more than the segment. Default: 64 MiB.
   */
  readonly compactBytes?: number;
}

/** Samples in one record of the log, which is applied as a whole or not at all. */
const rowsPerRecord = 1024;
/** Samples read at a time. */
const rowsAtOnce = 1024;

/** The vectors of one kind, and the samples that they are of. */
class KindTable {
  /** The place of the sample of each row among all entries. */
  readonly places: number[] = [];

  constructor(readonly table: VectorTable) {}

  /** Number of rows whose sample has not been replaced or deleted. */
  live = 0;
}

/** A sample: what is known of it, and its row in the table of each kind. */
interface Slot {
  readonly entry: IndexEntry;
  readonly rows: Partial<Record<VectorKind, number>>;
}

/** An index in memory, and in a directory if it was opened from one. */
export class ExactIndex implements VectorIndex {
  /** Samples by place; undefined where one was replaced or deleted. */
  #slots: (Slot | undefined)[] = [];
  readonly #places = new Map<string, number>();
  #tables: Record<VectorKind, KindTable>;
  /** What uses the tables, one after another: memory cannot be written while it is scanned. */
  readonly #uses = new CallQueue();
  /** What writes to the directory, one after another. */
  readonly #writes = new CallQueue();
  #directory: IndexDirectory | undefined;
  #compactBytes = Infinity;
  /** Why the index cannot be used any more: a change failed half-way in memory. */
  #fault: unknown;
  #segmentBytes = 0;

  /**
   * An empty index in memory.
   * @param backend scans the vectors
   */
  constructor(
    readonly backend: Backend,
    readonly origin: EmbeddingOrigin,
  ) {
    this.#tables = this.#emptyTables();
  }

  /** Makes an empty index in a directory, which must be empty or new. */
  static create(path: string, origin: EmbeddingOrigin): Promise<void> {
    return IndexDirectory.create(path, origin);
  }

  /**
   * Opens the index in a directory.
   * @throws SourceError if there is none or it is damaged, LockError if another process is writing it
   */
  static async open(
    path: string,
    backend: Backend,
    { writable = false, compactBytes = 64 * 2 ** 20 }: OpenExactOptions = {},
  ): Promise<ExactIndex> {
    let index!: ExactIndex;
    const directory = await IndexDirectory.open(path, {
      writable,
      load: async (origin, segment) => {
        index = new ExactIndex(backend, origin);
        if (segment) await index.#load(segment);
      },
      apply: (update) => void index.#apply(update),
    });
    index.#directory = directory;
    index.#compactBytes = compactBytes;
    return index;
  }

  count(kind: VectorKind): Promise<number> {
    return Promise.resolve(this.#tables[kind].live);
  }

  async put(rows: readonly IndexRow[], { signal, onProgress }: CallOptions = {}): Promise<void> {
    requireVectors(rows, this.origin.width);
    for (let first = 0; first < rows.length; first += rowsPerRecord) {
      signal?.throwIfAborted();
      const some = rows.slice(first, first + rowsPerRecord);
      await this.#update({ put: some });
      onProgress?.(first + some.length, rows.length);
    }
  }

  async delete(keys: readonly string[], { signal }: Abortable = {}): Promise<number> {
    signal?.throwIfAborted();
    return keys.length === 0 ? 0 : this.#update({ deleted: keys });
  }

  get(keys: readonly string[], options: Abortable = {}): Promise<(IndexRow | undefined)[]> {
    return this.#use(() =>
      this.#rowsAt(
        keys.map((key) => this.#places.get(key)),
        options,
      ),
    );
  }

  async *entries({ signal }: Abortable = {}): AsyncGenerator<IndexEntry> {
    const slots = await this.#use(() => Promise.resolve([...this.#slots]));
    for (const slot of slots) {
      signal?.throwIfAborted();
      if (slot) yield slot.entry;
    }
  }

  search(query: Float32Array, options?: SearchOptions): Promise<Hit[]>;
  search(queries: readonly Float32Array[], options?: SearchOptions): Promise<Hit[][]>;
  async search(
    given: Float32Array | readonly Float32Array[],
    options: SearchOptions = {},
  ): Promise<Hit[] | Hit[][]> {
    const queries = given instanceof Float32Array ? [given] : given;
    requireQueries(queries, this.origin.width);
    const hits = await this.#searchAll(queries, options);
    return given instanceof Float32Array ? hits[0]! : hits;
  }

  /**
   * Merges the log into the segment, which makes the next opening faster and frees the space of what was replaced or deleted.
   * Searches go on meanwhile; updates wait.
   */
  async compact(options: Abortable = {}): Promise<void> {
    await this.#writes.run(() => this.#compact(options));
  }

  /**
   * Compares all files with their checksums.
   * @throws SourceError if one is damaged
   */
  async verify(options: Abortable = {}): Promise<void> {
    await this.#writes.run(async () => {
      const segment = this.#directory?.segment;
      if (!segment) return;
      await readEntries(segment.prefix, segment);
      for (const kind of vectorKinds) {
        const path = `${segment.prefix}.${kind}`;
        await verifyVectors(path, segment[kind], this.origin.width, options);
      }
    });
  }

  async close(): Promise<void> {
    await this.#writes.idle();
    await this.#uses.idle();
    this.#disposeTables();
    await this.#directory?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #searchAll(
    queries: readonly Float32Array[],
    { top = 10, kind, filter, signal, onProgress }: SearchOptions,
  ): Promise<Hit[][]> {
    if (!Number.isSafeInteger(top) || top < 1) {
      throw new RangeError(`Expected a number of hits >= 1, but got ${top}.`);
    }
    const found: Hit[][] = [];
    for (let first = 0; first < queries.length; first += rowsAtOnce) {
      const some = queries.slice(first, first + rowsAtOnce);
      const hits = await this.#use(async () => {
        if (kind && this.#tables[kind].live === 0) {
          throw new Error(`${this.origin.source} has no embeddings of ${kind}s.`);
        }
        const own = kind ?? (this.#tables.image.live > 0 ? "image" : "text");
        const { table, places } = this.#tables[own];
        const allowed = this.#allowed(own, filter);
        const nearest = await table.nearest(some, { top, allowed, signal });
        return nearest.map((rows) => rows.map((row) => this.#hitOf(row, places)));
      });
      found.push(...hits);
      onProgress?.(found.length, queries.length);
    }
    return found;
  }

  #hitOf({ row, score }: Candidate, places: readonly number[]): Hit {
    return { ...this.#slots[places[row]!]!.entry, similarity: score };
  }

  /** By row, whether its sample is there and passes; undefined if all rows do. */
  #allowed(kind: VectorKind, filter: Filter | undefined): Uint8Array | undefined {
    const { places, live } = this.#tables[kind];
    if (!filter && live === places.length) return undefined;
    return Uint8Array.from(places, (place) => {
      const slot = this.#slots[place];
      return slot && (!filter || passes(slot.entry, filter)) ? 1 : 0;
    });
  }

  async #rowsAt(
    places: readonly (number | undefined)[],
    options: Abortable,
  ): Promise<(IndexRow | undefined)[]> {
    const slots = places.map((place) => (place === undefined ? undefined : this.#slots[place]));
    const found: (IndexRow | undefined)[] = slots.map((slot) => slot?.entry);
    const { width } = this.origin;
    for (const kind of vectorKinds) {
      const own = [...slots.keys()].filter((index) => slots[index]?.rows[kind] !== undefined);
      const rows = own.map((index) => slots[index]!.rows[kind]!);
      const vectors = await this.#tables[kind].table.read(rows, options);
      for (const [i, index] of own.entries()) {
        const vector = vectors.slice(i * width, (i + 1) * width);
        const name = kind === "image" ? "image" : "textVector";
        found[index] = { ...found[index]!, [name]: vector };
      }
    }
    return found;
  }

  /** Writes an update to disk and applies it; resolves to the number of samples it deleted. */
  #update(update: Update): Promise<number> {
    return this.#writes.run(async () => {
      const directory = this.#directory;
      if (directory) {
        if (!directory.isWritable) {
          throw new Error(`${directory.path} is open for reading only: open it as writable.`);
        }
        await directory.append(update);
      }
      const deleted = await this.#change(() => Promise.resolve(this.#apply(update)));
      const mostBytes = Math.max(this.#compactBytes, this.#segmentBytes);
      // The update is on disk whatever becomes of the compaction, which the next update tries again.
      if (directory && directory.logBytes > mostBytes) await this.#compact().catch(() => undefined);
      return deleted;
    });
  }

  /** Uses the tables when all uses before have ended. */
  #use<Result>(use: () => Promise<Result>): Promise<Result> {
    return this.#uses.run(() => {
      if (this.#fault === undefined) return use();
      throw new Error(
        "A change of the index failed. Open it again; acknowledged updates are not lost.",
        {
          cause: this.#fault,
        },
      );
    });
  }

  /** Changes the tables; if that fails half-way, they cannot be used any more. */
  #change<Result>(change: () => Promise<Result>): Promise<Result> {
    return this.#use(async () => {
      try {
        return await change();
      } catch (error) {
        this.#fault = error;
        throw error;
      }
    });
  }

  #apply(update: Update): number {
    if ("put" in update) {
      this.#add(update.put);
      return 0;
    }
    return update.deleted.filter((key) => this.#remove(key)).length;
  }

  #add(rows: readonly IndexRow[]): void {
    const latest = [...new Map(rows.map((row) => [row.key, row])).values()];
    const own = latest.map((row) => this.#place(row));
    for (const kind of vectorKinds) {
      const vectors = latest.flatMap((row) => vectorOf(row, kind) ?? []);
      const { width } = this.origin;
      const joined = new Float32Array(vectors.length * width);
      for (const [index, vector] of vectors.entries()) joined.set(vector, index * width);
      this.#tables[kind].table.append(joined);
    }
    for (const [index, row] of latest.entries()) this.#places.set(row.key, own[index]!);
  }

  /** Makes a slot for a sample, in place of the one with the same key. */
  #place(row: IndexRow): number {
    this.#remove(row.key);
    const rows: Partial<Record<VectorKind, number>> = {};
    const place = this.#slots.length;
    for (const kind of vectorKinds) {
      if (!vectorOf(row, kind)) continue;
      rows[kind] = this.#tables[kind].places.push(place) - 1;
      this.#tables[kind].live++;
    }
    this.#slots.push({ entry: entryOf(row), rows });
    return place;
  }

  #remove(key: string): boolean {
    const place = this.#places.get(key);
    if (place === undefined) return false;
    for (const kind of vectorKinds) {
      if (this.#slots[place]!.rows[kind] !== undefined) this.#tables[kind].live--;
    }
    this.#slots[place] = undefined;
    return this.#places.delete(key);
  }

  async #compact(options: Abortable = {}): Promise<void> {
    const directory = this.#directory;
    if (!directory || directory.logBytes === 0) return;
    const { image, text } = this.#tables;
    await directory.compact(this.#allRows(options), { image: image.live, text: text.live });
    await this.#change(() => this.#reload(directory.segment!));
  }

  async *#allRows(options: Abortable): AsyncGenerator<IndexRow> {
    const places = [...this.#places.values()];
    for (let first = 0; first < places.length; first += rowsAtOnce) {
      options.signal?.throwIfAborted();
      const some = places.slice(first, first + rowsAtOnce);
      const rows = await this.#use(() => this.#rowsAt(some, options));
      for (const row of rows) yield row!;
    }
  }

  /** Replaces the tables by those of a segment that holds the same samples. */
  async #reload(segment: OpenSegment): Promise<void> {
    this.#disposeTables();
    this.#slots = [];
    this.#places.clear();
    await this.#load(segment);
  }

  async #load(segment: OpenSegment): Promise<void> {
    const { prefix } = segment;
    const { backend } = this;
    const { width } = this.origin;
    const tableOf = async (kind: VectorKind): Promise<KindTable> => {
      const block = await openVectors(`${prefix}.${kind}`, segment[kind], backend, width);
      return new KindTable(new VectorTable(backend, width, block));
    };
    this.#tables = { image: await tableOf("image"), text: await tableOf("text") };
    for (const { entry, has } of await readEntries(prefix, segment)) {
      const rows: Partial<Record<VectorKind, number>> = {};
      for (const kind of has) {
        rows[kind] = this.#tables[kind].places.push(this.#slots.length) - 1;
        this.#tables[kind].live++;
      }
      this.#places.set(entry.key, this.#slots.length);
      this.#slots.push({ entry, rows });
    }
    this.#segmentBytes =
      segment.entries.bytes + (segment.image.rows + segment.text.rows) * width * 4;
  }

  #emptyTables(): Record<VectorKind, KindTable> {
    const { backend } = this;
    const { width } = this.origin;
    const table = (): KindTable => new KindTable(new VectorTable(backend, width));
    return { image: table(), text: table() };
  }

  #disposeTables(): void {
    for (const kind of vectorKinds) this.#tables[kind].table.dispose();
  }
}
