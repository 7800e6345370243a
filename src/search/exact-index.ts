/** Exact nearest-neighbor search: an 8-bit scan of all vectors, rescored with the vectors themselves. */
import type { Abortable, CallOptions } from "../base/call-options.js";
import type { Backend } from "../backend/backend.js";
import { CallQueue } from "../base/call-queue.js";
import type { EmbeddingOrigin } from "./embedding-file.js";
import { requireFields } from "./filter.js";
import { imagesOnce } from "./images-once.js";
import { IndexDirectory } from "./index-directory.js";
import type { Update } from "./index-log.js";
import { readEntries, verifyVectors } from "./index-segment.js";
import { SampleTables } from "./sample-tables.js";
import {
  type Hit,
  type IndexEntry,
  type IndexRow,
  type SearchOptions,
  type VectorIndex,
  type VectorKind,
  requireSameModel,
  requireSearch,
  requireVectors,
  vectorKinds,
} from "./vector-index.js";

/** Whether an index will be changed, and when its log is merged. Progress is in samples. */
export interface OpenExactOptions extends CallOptions {
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

/** An index in memory, and in a directory if it was opened from one. */
export class ExactIndex implements VectorIndex {
  #samples: SampleTables;
  /** What uses the samples, one after another. */
  readonly #uses = new CallQueue();
  /** What writes to the directory, one after another. */
  readonly #writes = new CallQueue();
  #directory: IndexDirectory | undefined;
  #origin: EmbeddingOrigin;
  #compactBytes = Infinity;
  /** Why the index cannot be used any more: a change failed half-way in memory, or it was closed. */
  #fault: Error | undefined;

  /**
   * An empty index in memory.
   * @param backend scans the vectors
   */
  constructor(
    /** What scans the vectors. */
    readonly backend: Backend,
    origin: EmbeddingOrigin,
  ) {
    this.#origin = origin;
    this.#samples = SampleTables.empty(backend, origin.width);
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
    { writable = false, compactBytes = 64 * 2 ** 20, ...options }: OpenExactOptions = {},
  ): Promise<ExactIndex> {
    const { directory, samples } = await openFiles(path, backend, { writable, ...options });
    const index = new ExactIndex(backend, directory.origin);
    index.#samples = samples;
    index.#directory = directory;
    index.#compactBytes = compactBytes;
    return index;
  }

  get origin(): EmbeddingOrigin {
    return this.#origin;
  }

  count(kind: VectorKind): Promise<number> {
    return Promise.resolve(this.#samples.count(kind));
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
    return this.#use(() => this.#samples.get(keys, options));
  }

  async *entries({ signal }: Abortable = {}): AsyncGenerator<IndexEntry> {
    const entries = await this.#use(() => Promise.resolve(this.#samples.entries));
    for (const entry of entries) {
      signal?.throwIfAborted();
      yield entry;
    }
  }

  search(query: Float32Array, options?: SearchOptions): Promise<Hit[]>;
  search(queries: readonly Float32Array[], options?: SearchOptions): Promise<Hit[][]>;
  async search(
    given: Float32Array | readonly Float32Array[],
    { top = 10, ...options }: SearchOptions = {},
  ): Promise<Hit[] | Hit[][]> {
    const queries = given instanceof Float32Array ? [given] : given;
    requireSearch(queries, this.origin.width, top);
    const hits = await this.#searchAll(queries, { top, ...options });
    return given instanceof Float32Array ? hits[0]! : hits;
  }

  async refresh({ signal }: Abortable = {}): Promise<void> {
    await this.#write(async () => {
      signal?.throwIfAborted();
      const directory = this.#directory;
      if (!directory || directory.isWritable) return; // nobody else writes
      const updates: Update[] = [];
      if (!(await directory.readOn((update) => updates.push(update)))) {
        await this.#openAgain(directory, { signal });
      } else if (updates.length > 0) {
        await this.#change(() => {
          for (const update of updates) this.#samples.apply(update);
          return Promise.resolve();
        });
      }
    });
  }

  /**
   * Merges the log into the segment, which makes the next opening faster and frees the space of what was replaced or deleted.
   * Searches go on meanwhile; updates wait.
   */
  async compact(options: Abortable = {}): Promise<void> {
    await this.#write(() => this.#compact(options));
  }

  /**
   * Compares all files with their checksums.
   * @throws SourceError if one is damaged
   */
  async verify(options: Abortable = {}): Promise<void> {
    await this.#write(async () => {
      const segment = this.#directory?.segment;
      if (!segment) return;
      await readEntries(segment.prefix, segment, options);
      for (const kind of vectorKinds) {
        const path = `${segment.prefix}.${kind}`;
        await verifyVectors(path, segment[kind], this.origin.width, options);
      }
    });
  }

  async close(): Promise<void> {
    await this.#writes.idle();
    await this.#uses.idle();
    this.#fault = new Error("This index was closed; open it again to use it.");
    this.#samples.dispose();
    await this.#directory?.close();
  }

  /** Closes the index at the end of a block: `await using index = ...;` */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #searchAll(
    queries: readonly Float32Array[],
    { top, kind, filter, signal, onProgress }: SearchOptions & { readonly top: number },
  ): Promise<Hit[][]> {
    const found: Hit[][] = [];
    for (let first = 0; first < queries.length; first += rowsAtOnce) {
      const some = queries.slice(first, first + rowsAtOnce);
      const hits = await this.#use(async () => {
        const samples = this.#samples;
        if (kind && samples.count(kind) === 0) {
          throw new Error(`${this.origin.source} has no embeddings of ${kind}s.`);
        }
        const own = kind ?? (samples.count("image") > 0 ? "image" : "text");
        const nearest = (most: number): Promise<Hit[][]> =>
          samples.search(some, own, { top: most, signal, ...(filter && { filter }) });
        const near = await (own === "image" ? imagesOnce(top, nearest) : nearest(top));
        if (filter && near[0]!.length === 0) await requireFields(filter, samples.entries);
        return near;
      });
      found.push(...hits);
      onProgress?.(found.length, queries.length);
    }
    return found;
  }

  /** Writes an update to disk and applies it; resolves to the number of samples it deleted. */
  #update(update: Update): Promise<number> {
    return this.#write(async () => {
      const directory = this.#directory;
      if (directory) {
        if (!directory.isWritable) {
          throw new Error(`${directory.path} is open for reading only: open it as writable.`);
        }
        await directory.append(update);
      }
      const deleted = await this.#change(() => Promise.resolve(this.#samples.apply(update)));
      // The update is on disk whatever becomes of the compaction, which the next update tries again.
      if (directory?.isDue(this.#compactBytes)) await this.#compact().catch(() => undefined);
      return deleted;
    });
  }

  /** Works on the directory when all such work before has ended. */
  #write<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.#writes.run(() => this.#whole(work));
  }

  /** Uses the tables when all uses before have ended. */
  #use<Result>(use: () => Promise<Result>): Promise<Result> {
    return this.#uses.run(() => this.#whole(use));
  }

  #whole<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#fault !== undefined) throw this.#fault;
    return work();
  }

  /** Changes the tables; if that fails half-way, they cannot be used any more. */
  #change<Result>(change: () => Promise<Result>): Promise<Result> {
    return this.#use(async () => {
      try {
        return await change();
      } catch (error) {
        const message =
          "A change of the index failed. Open it again; acknowledged updates are not lost.";
        this.#fault = new Error(message, { cause: error });
        throw error;
      }
    });
  }

  /** Searches go on while the files are read. */
  async #openAgain(old: IndexDirectory, options: Abortable): Promise<void> {
    const { directory, samples } = await openFiles(old.path, this.backend, {
      ...options,
      writable: false,
      require: (origin) => requireSameModel(old.path, this.origin, origin),
    });
    await this.#change(async () => {
      this.#samples.dispose();
      this.#samples = samples;
      this.#directory = directory;
      this.#origin = directory.origin;
      await old.close();
    });
  }

  async #compact(options: Abortable = {}): Promise<void> {
    const directory = this.#directory;
    if (!directory || directory.logBytes === 0) return;
    const samples = this.#samples;
    const counts = { image: samples.count("image"), text: samples.count("text") };
    await directory.compact(this.#allRows(options), counts);
    await this.#change(async () => {
      const { width } = this.origin;
      this.#samples = await SampleTables.load(directory.segment!, this.backend, width);
      samples.dispose();
    });
  }

  async *#allRows(options: Abortable): AsyncGenerator<IndexRow> {
    const keys = this.#samples.entries.map(({ key }) => key);
    for (let first = 0; first < keys.length; first += rowsAtOnce) {
      options.signal?.throwIfAborted();
      const some = keys.slice(first, first + rowsAtOnce);
      const rows = await this.#use(() => this.#samples.get(some, options));
      for (const row of rows) yield row!;
    }
  }
}

interface OpenFilesOptions extends CallOptions {
  readonly writable: boolean;
  /** Refuses the index of another origin before it is read. */
  readonly require?: (origin: EmbeddingOrigin) => void;
}

async function openFiles(
  path: string,
  backend: Backend,
  { writable, require, signal, onProgress }: OpenFilesOptions,
): Promise<{ readonly directory: IndexDirectory; readonly samples: SampleTables }> {
  let samples: SampleTables | undefined;
  try {
    const directory = await IndexDirectory.open(path, {
      writable,
      load: async (origin, segment) => {
        require?.(origin);
        samples?.dispose();
        const { width } = origin;
        samples = await (segment
          ? SampleTables.load(segment, backend, width, {
              signal,
              ...(onProgress && { onProgress }),
            })
          : SampleTables.empty(backend, width));
      },
      apply: (update) => {
        signal?.throwIfAborted();
        samples!.apply(update);
      },
    });
    return { directory, samples: samples! };
  } catch (error) {
    samples?.dispose();
    throw error;
  }
}
