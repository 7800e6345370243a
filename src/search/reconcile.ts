/** Makes an index hold what a data set holds: new samples are added, changed ones replaced, others deleted. */
import { isDeepStrictEqual } from "node:util";
import type { Abortable } from "../base/call-options.js";
import type { IndexEntry, IndexRow, VectorIndex } from "./vector-index.js";

/** How many samples were added, found unchanged, and so on. */
export interface IndexChanges {
  /** Samples that are new. */
  readonly added: number;
  /** Samples that had changed. */
  readonly replaced: number;
  /** Samples that were there already. */
  readonly unchanged: number;
  /** Samples that are gone. */
  readonly deleted: number;
}

/** Rows written at a time; each write is on disk before the next. */
const rowsAtOnce = 256;

export class Reconciliation {
  readonly #seen = new Set<string>();
  readonly #counts = { added: 0, replaced: 0, unchanged: 0 };
  #renewed: IndexEntry[] = [];

  private constructor(
    private readonly index: VectorIndex,
    private readonly known: ReadonlyMap<string, IndexEntry>,
    private readonly options: Abortable,
  ) {}

  static async begin(index: VectorIndex, options: Abortable): Promise<Reconciliation> {
    const known = new Map<string, IndexEntry>();
    for await (const entry of index.entries(options)) known.set(entry.key, entry);
    return new Reconciliation(index, known, options);
  }

  /** The entry with this key before any change. */
  entryOf(key: string): IndexEntry | undefined {
    return this.known.get(key);
  }

  /** Number of samples whose vectors were there already. */
  get unchanged(): number {
    return this.#counts.unchanged;
  }

  /** Keeps the vectors of a sample, whose entry may have changed. */
  async keep(entry: IndexEntry): Promise<void> {
    this.#seen.add(entry.key);
    this.#counts.unchanged++;
    if (isDeepStrictEqual(entry, this.known.get(entry.key))) return;
    if (this.#renewed.push(entry) >= rowsAtOnce) await this.#renew();
  }

  async put(rows: readonly IndexRow[]): Promise<void> {
    await this.index.put(rows, this.options);
    for (const { key } of rows) {
      this.#counts[this.known.has(key) ? "replaced" : "added"]++;
      this.#seen.add(key);
    }
  }

  /** Deletes all that was neither kept nor put. */
  async finish(): Promise<IndexChanges> {
    await this.#renew();
    const others = [...this.known.keys()].filter((key) => !this.#seen.has(key));
    const deleted = await this.index.delete(others, this.options);
    return { ...this.#counts, deleted };
  }

  async #renew(): Promise<void> {
    const entries = this.#renewed;
    this.#renewed = [];
    const rows = await this.index.get(
      entries.map(({ key }) => key),
      this.options,
    );
    const renewed = entries.map((entry, i): IndexRow => {
      const { image, textVector } = rows[i]!;
      return { ...entry, ...(image && { image }), ...(textVector && { textVector }) };
    });
    if (renewed.length > 0) await this.index.put(renewed, this.options);
  }
}

/** Whether nothing that the vectors depend on has changed. */
export const hasSameContent = (entry: IndexEntry, known: IndexEntry | undefined): boolean =>
  known?.content !== undefined && known.content === entry.content && known.text === entry.text;
