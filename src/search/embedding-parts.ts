/** The saved progress of an embedding job: complete part files in a folder. */
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Abortable } from "../base/call-options.js";
import { LruCache } from "../base/lru-cache.js";
import {
  type EmbeddingOrigin,
  type EmbeddingRow,
  openEmbeddings,
  writeEmbeddings,
} from "./embedding-file.js";

/** A row of a part. */
interface Place {
  readonly part: string;
  readonly row: number;
}

/** Number of parts in memory while rows are put in order. */
const openParts = 4;

/** Rows by the digest of their sample. */
export class EmbeddingParts {
  readonly #places = new Map<string, Place>();
  readonly #parts = new LruCache<string, Promise<EmbeddingRow[]>>(openParts);
  #next = 0;

  private constructor(
    private readonly folder: string,
    private readonly origin: EmbeddingOrigin,
    private readonly prefix: string,
  ) {}

  /**
   * Opens the parts in `folder`, if any.
   * @param prefix of the names of parts that are added; several jobs that add parts at the same time need different ones
   * @throws Error if they were made by a different model or in a different precision
   */
  static async open(folder: string, origin: EmbeddingOrigin, prefix = ""): Promise<EmbeddingParts> {
    await mkdir(folder, { recursive: true });
    const parts = new EmbeddingParts(folder, origin, prefix);
    const names = await readdir(folder);
    for (const name of names.filter((name) => /^(\d+-of-\d+-)?\d+\.parquet$/.test(name)).sort()) {
      await parts.#read(join(folder, name));
      const own = name.startsWith(prefix) ? /^\d+\.parquet$/.exec(name.slice(prefix.length)) : null;
      if (own) parts.#next = Number.parseInt(own[0], 10) + 1;
    }
    return parts;
  }

  /** Whether the sample with this digest has been embedded. */
  has(digest: string): boolean {
    return this.#places.has(digest);
  }

  /** Writes `rows`, which must have digests, as a part. */
  async add(rows: readonly EmbeddingRow[]): Promise<void> {
    const number = String(this.#next++).padStart(5, "0");
    const part = join(this.folder, `${this.prefix}${number}.parquet`);
    await writeEmbeddings(part, this.origin, rows, { digests: true });
    this.#place(part, rows);
  }

  /** The rows with these digests, in order; digests without a row are skipped. */
  async *rows(digests: readonly string[], { signal }: Abortable): AsyncGenerator<EmbeddingRow> {
    for (const digest of digests) {
      signal?.throwIfAborted();
      const place = this.#places.get(digest);
      if (!place) continue;
      const { digest: _, ...row } = (await this.#open(place.part))[place.row]!;
      yield row;
    }
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  async #read(part: string): Promise<void> {
    const { origin, rows } = await openEmbeddings(part);
    const { fingerprint, precision, features } = this.origin;
    const isSame =
      origin.fingerprint === fingerprint &&
      origin.precision === precision &&
      isDeepStrictEqual(origin.features, features);
    if (!isSame) {
      throw new Error(
        `${this.folder} holds unfinished work of ${workOf(origin)}, which ${workOf(this.origin)} cannot continue. ` +
          "Remove the folder to start over, or write to another file.",
      );
    }
    const digests: EmbeddingRow[] = [];
    for await (const { key, digest } of rows(["key", "digest"]))
      digests.push({ key, ...(digest && { digest }) });
    this.#place(part, digests);
  }

  #place(part: string, rows: readonly EmbeddingRow[]): void {
    for (const [row, { digest }] of rows.entries()) this.#places.set(digest!, { part, row });
  }

  #open(part: string): Promise<EmbeddingRow[]> {
    const opened = this.#parts.get(part);
    if (opened) return opened;
    const rows = readRows(part);
    this.#parts.set(part, rows);
    return rows;
  }
}

function workOf({ model, precision, features }: EmbeddingOrigin): string {
  const kind = features ? `, ${features.pool} features of layer ${features.layer ?? "last"}` : "";
  return `${model} in ${precision}${kind}`;
}

async function readRows(part: string): Promise<EmbeddingRow[]> {
  const rows: EmbeddingRow[] = [];
  for await (const row of (await openEmbeddings(part)).rows()) rows.push(row);
  return rows;
}
