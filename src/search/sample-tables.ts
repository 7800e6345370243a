/** The samples of an index in memory: what is known of each, and tables of their vectors. */
import type { Abortable, CallOptions } from "../base/call-options.js";
import type { Backend } from "../backend/backend.js";
import { concatenated } from "../inference/similarity.js";
import { passes, tagsOfFilter } from "./filter.js";
import type { OpenSegment } from "./index-directory.js";
import type { Update } from "./index-log.js";
import { openVectors, readEntries } from "./index-segment.js";
import {
  type Filter,
  type Hit,
  type IndexEntry,
  type IndexRow,
  type SearchOptions,
  type VectorKind,
  entryOf,
  vectorKinds,
  vectorOf,
} from "./vector-index.js";
import { VectorTable } from "./vector-table.js";

/** The vectors of one kind, and the samples that they are of. */
class KindTable {
  /** The place of the sample of each row among all samples. */
  readonly places: number[] = [];
  /** Number of rows whose sample has not been replaced or deleted. */
  live = 0;

  constructor(readonly table: VectorTable) {}
}

/** What is known of a sample, and its row in the table of each kind. */
interface Slot {
  readonly entry: IndexEntry;
  readonly rows: Partial<Record<VectorKind, number>>;
}

/** Calls must not overlap: memory cannot be written while it is scanned. */
export class SampleTables {
  /** By place; undefined where a sample was replaced or deleted. */
  readonly #slots: (Slot | undefined)[] = [];
  readonly #places = new Map<string, number>();

  private constructor(
    readonly width: number,
    private readonly tables: Readonly<Record<VectorKind, KindTable>>,
  ) {}

  static empty(backend: Backend, width: number): SampleTables {
    const table = (): KindTable => new KindTable(new VectorTable(backend, width));
    return new SampleTables(width, { image: table(), text: table() });
  }

  static async load(
    segment: OpenSegment,
    backend: Backend,
    width: number,
    options: CallOptions = {},
  ): Promise<SampleTables> {
    const { prefix } = segment;
    const entries = await readEntries(prefix, segment, options);
    const tableOf = async (kind: VectorKind): Promise<KindTable> => {
      const block = await openVectors(`${prefix}.${kind}`, segment[kind], backend, width);
      return new KindTable(new VectorTable(backend, width, block));
    };
    const tables = { image: await tableOf("image"), text: await tableOf("text") };
    const samples = new SampleTables(width, tables);
    for (const { entry, has } of entries) samples.#place(entry, has);
    return samples;
  }

  count(kind: VectorKind): number {
    return this.tables[kind].live;
  }

  /** The entries of all samples. */
  get entries(): IndexEntry[] {
    return this.#slots.flatMap((slot) => slot?.entry ?? []);
  }

  /** Applies an update; returns the number of samples it deleted. */
  apply(update: Update): number {
    if ("deleted" in update) return update.deleted.filter((key) => this.#remove(key)).length;
    const rows = [...new Map(update.put.map((row) => [row.key, row])).values()];
    for (const kind of vectorKinds) {
      const vectors = rows.flatMap((row) => vectorOf(row, kind) ?? []);
      this.tables[kind].table.append(concatenated(vectors));
    }
    for (const row of rows) {
      this.#remove(row.key);
      this.#place(
        entryOf(row),
        vectorKinds.filter((kind) => vectorOf(row, kind)),
      );
    }
    return 0;
  }

  /** The samples with these keys, with their vectors. */
  async get(keys: readonly string[], options: Abortable): Promise<(IndexRow | undefined)[]> {
    const slots = keys.map((key) => this.#slots[this.#places.get(key) ?? -1]);
    const found: (IndexRow | undefined)[] = slots.map((slot) => slot?.entry);
    const { width } = this;
    for (const kind of vectorKinds) {
      const own = [...slots.keys()].filter((index) => slots[index]?.rows[kind] !== undefined);
      const rows = own.map((index) => slots[index]!.rows[kind]!);
      const vectors = await this.tables[kind].table.read(rows, options);
      for (const [i, index] of own.entries()) {
        const vector = vectors.slice(i * width, (i + 1) * width);
        const name = kind === "image" ? "image" : "textVector";
        found[index] = { ...found[index]!, [name]: vector };
      }
    }
    return found;
  }

  /** The entries nearest to each query. */
  async search(
    queries: readonly Float32Array[],
    kind: VectorKind,
    { top, filter, signal }: SearchOptions & { readonly top: number },
  ): Promise<Hit[][]> {
    const { table, places } = this.tables[kind];
    const allowed = this.#allowed(kind, filter);
    const nearest = await table.nearest(queries, { top, allowed, signal });
    return nearest.map((rows) =>
      rows.map(({ row, score }) => ({
        ...this.#slots[places[row]!]!.entry,
        similarity: score,
      })),
    );
  }

  dispose(): void {
    for (const kind of vectorKinds) this.tables[kind].table.dispose();
  }

  /** By row, whether its sample is there and passes; undefined if all rows do. */
  #allowed(kind: VectorKind, filter: Filter | undefined): Uint8Array | undefined {
    const { places, live } = this.tables[kind];
    if (!filter && live === places.length) return undefined;
    const wanted = filter && tagsOfFilter(filter);
    return Uint8Array.from(places, (place) => {
      const slot = this.#slots[place];
      return slot && (!wanted || passes(slot.entry, wanted)) ? 1 : 0;
    });
  }

  /** Makes a slot for a sample whose vectors are the next rows of the tables. */
  #place(entry: IndexEntry, has: readonly VectorKind[]): void {
    const place = this.#slots.length;
    const rows: Partial<Record<VectorKind, number>> = {};
    for (const kind of has) {
      rows[kind] = this.tables[kind].places.push(place) - 1;
      this.tables[kind].live++;
    }
    this.#slots.push({ entry, rows });
    this.#places.set(entry.key, place);
  }

  #remove(key: string): boolean {
    const place = this.#places.get(key);
    if (place === undefined) return false;
    for (const kind of vectorKinds) {
      if (this.#slots[place]!.rows[kind] !== undefined) this.tables[kind].live--;
    }
    this.#slots[place] = undefined;
    return this.#places.delete(key);
  }
}
