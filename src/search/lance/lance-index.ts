/** An index in LanceDB: a database on disk or in an object storage, for more vectors than fit into memory. */
import type { Table } from "@lancedb/lancedb";
import { mkdir, readFile, readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { z } from "zod";
import type { Abortable, CallOptions } from "../../base/call-options.js";
import { replaceFile } from "../../base/replace-file.js";
import { SourceError, reasonOf } from "../../data/formats/source-error.js";
import { buildApproximation } from "./approximate.js";
import { type ApproximateOptions, type Approximation, approximation } from "./approximation.js";
import { type EmbeddingOrigin, embeddingOrigin } from "../embedding-file.js";
import { requireFields, tagsOf, tagsOfFilter } from "../filter.js";
import { imagesOnce } from "../images-once.js";
import { descriptionName } from "../index-directory.js";
import { type LancePackage, lancePackage } from "./lance-package.js";
import {
  type Hit,
  type IndexEntry,
  type IndexRow,
  type SearchOptions,
  type VectorIndex,
  type VectorKind,
  entryOf,
  requireSameModel,
  requireSearch,
  requireVectors,
  usualKind,
} from "../vector-index.js";

const lanceFormat = "flava vectors in LanceDB";

const description = z.object({
  format: z.literal(lanceFormat),
  version: z.literal(1),
  origin: embeddingOrigin,
  /** Where the database is; default: in the directory of this file. */
  uri: z.string().optional(),
  approximations: z.object({ image: approximation.optional(), text: approximation.optional() }),
});

type Description = z.infer<typeof description>;

const tableName = "samples";
/** Rows in one transaction, and keys in one condition. */
const rowsAtOnce = 1024;
const keysAtOnce = 256;

/**
 * An index in LanceDB, on disk or in an object storage: for more vectors than fit into memory. It needs the packages
 * @lancedb/lancedb and apache-arrow.
 */
export class LanceIndex implements VectorIndex {
  private constructor(
    /** The directory that describes it. */
    readonly path: string,
    private description: Description,
    private readonly lance: LancePackage,
    private readonly table: Table,
  ) {}

  /**
   * Makes an empty index in a directory, which must be empty or new.
   * @param uri where the database is to be, such as "s3://bucket/name"; default: in the directory
   */
  static async create(path: string, origin: EmbeddingOrigin, uri?: string): Promise<void> {
    const lance = await lancePackage();
    await mkdir(path, { recursive: true });
    const [found] = (await readdir(path)).filter((name) => name !== "lance"); // of an interrupted creation
    if (found !== undefined) {
      throw new Error(`${path} already holds ${found}. Name a directory that is empty or new.`);
    }
    const connection = await lance.lancedb.connect(uri ?? databaseIn(path));
    await connection.createEmptyTable(tableName, schemaOf(lance, origin.width), {
      mode: "create",
      existOk: true,
    });
    const made = { format: lanceFormat, version: 1, origin, approximations: {} } as const;
    await describe(path, { ...made, ...(uri !== undefined && { uri }) });
  }

  /** @throws SourceError if there is no index in the directory, Error if LanceDB is not installed */
  static async open(path: string, { signal }: Abortable = {}): Promise<LanceIndex> {
    signal?.throwIfAborted();
    const found = await readDescription(path);
    const lance = await lancePackage();
    const connection = await lance.lancedb.connect(found.uri ?? databaseIn(path));
    const table = await connection.openTable(tableName).catch((cause: unknown) => {
      throw new SourceError(`The database of ${path} cannot be opened: ${reasonOf(cause)}`, {
        cause,
      });
    });
    signal?.throwIfAborted();
    return new LanceIndex(path, found, lance, table);
  }

  get origin(): EmbeddingOrigin {
    return this.description.origin;
  }

  /** The approximate index of each kind that was built, with its measured recall. */
  get approximations(): Readonly<Partial<Record<VectorKind, Approximation>>> {
    const { image, text } = this.description.approximations;
    return { ...(image && { image }), ...(text && { text }) };
  }

  count(kind: VectorKind): Promise<number> {
    return this.table.countRows(`${kind} IS NOT NULL`);
  }

  async put(rows: readonly IndexRow[], { signal, onProgress }: CallOptions = {}): Promise<void> {
    const { width } = this.origin;
    requireVectors(rows, width);
    const latest = [...new Map(rows.map((row) => [row.key, row])).values()];
    const schema = schemaOf(this.lance, width);
    for (let first = 0; first < latest.length; first += rowsAtOnce) {
      signal?.throwIfAborted();
      const records = latest.slice(first, first + rowsAtOnce).map(recordOf);
      await this.table
        .mergeInsert("key")
        .whenMatchedUpdateAll()
        .whenNotMatchedInsertAll()
        .execute(this.lance.lancedb.makeArrowTable(records, { schema }));
      onProgress?.(first + records.length, latest.length);
    }
  }

  async delete(keys: readonly string[], { signal }: Abortable = {}): Promise<number> {
    let deleted = 0;
    for (let first = 0; first < keys.length; first += keysAtOnce) {
      signal?.throwIfAborted();
      const found = await this.table.delete(isOneOf(keys.slice(first, first + keysAtOnce)));
      deleted += found.numDeletedRows;
    }
    return deleted;
  }

  async get(
    keys: readonly string[],
    { signal }: Abortable = {},
  ): Promise<(IndexRow | undefined)[]> {
    const found = new Map<string, IndexRow>();
    for (let first = 0; first < keys.length; first += keysAtOnce) {
      signal?.throwIfAborted();
      const query = this.table.query().where(isOneOf(keys.slice(first, first + keysAtOnce)));
      for (const record of (await query.toArray()) as Stored[]) {
        found.set(record.key, rowOf(record));
      }
    }
    return keys.map((key) => found.get(key));
  }

  async *entries({ signal }: Abortable = {}): AsyncGenerator<IndexEntry> {
    for await (const batch of this.table.query().select(["entry"])) {
      signal?.throwIfAborted();
      for (const { entry } of batch.toArray() as unknown as Pick<Stored, "entry">[]) {
        yield JSON.parse(entry) as IndexEntry;
      }
    }
  }

  search(query: Float32Array, options?: SearchOptions): Promise<Hit[]>;
  search(queries: readonly Float32Array[], options?: SearchOptions): Promise<Hit[][]>;
  async search(
    given: Float32Array | readonly Float32Array[],
    { top = 10, kind, filter, signal, onProgress }: SearchOptions = {},
  ): Promise<Hit[] | Hit[][]> {
    const queries = given instanceof Float32Array ? [given] : given;
    requireSearch(queries, this.origin.width, top);
    const own = kind ?? (await usualKind(this));
    if (kind && (await this.count(kind)) === 0) {
      throw new Error(`${this.path} has no embeddings of ${kind}s.`);
    }
    const condition = filter && tagsOfFilter(filter).map(hasTag).join(" AND ");
    const found: Hit[][] = [];
    for (const vector of queries) {
      signal?.throwIfAborted();
      const nearest = async (most: number): Promise<[Hit[]]> => [
        await this.#entriesNear(vector, own, most, condition),
      ];
      const [hits] = await (own === "image" ? imagesOnce(top, nearest) : nearest(top));
      if (filter && hits!.length + found.length === 0)
        await requireFields(filter, this.entries({ signal }));
      found.push(hits!);
      onProgress?.(found.length, queries.length);
    }
    return given instanceof Float32Array ? found[0]! : found;
  }

  async #entriesNear(
    vector: Float32Array,
    kind: VectorKind,
    top: number,
    condition: string | undefined,
  ): Promise<Hit[]> {
    let query = this.#nearest(vector, kind).limit(top);
    const approximation = this.approximations[kind];
    if (approximation) {
      const { ef, probes, refine } = approximation.settings;
      query = query.ef(Math.max(ef, top)).nprobes(probes).refineFactor(refine);
    } else query = query.bypassVectorIndex(); // one whose recall was not measured, as its building was interrupted
    if (condition) query = query.where(condition);
    return ((await query.toArray()) as Found[]).map(hitOf);
  }

  /**
   * Builds an approximate index of one kind of vectors, measures its recall with vectors of the other kind as queries against
   * exact search, and stores it with its settings: the fastest ones that reach the recall asked for.
   *
   * @throws Error if the recall stays below that, unless forced; then there is no approximate index
   */
  async approximate(kind: VectorKind, options: ApproximateOptions = {}): Promise<Approximation> {
    const { [kind]: _, ...others } = this.approximations;
    await this.#describe({ approximations: others });
    const nearest = (vector: Float32Array) => this.#nearest(vector, kind);
    const built = await buildApproximation(this.table, this.lance, { kind, nearest }, options);
    await this.#describe({ approximations: { ...others, [kind]: built } });
    return built;
  }

  async refresh({ signal }: Abortable = {}): Promise<void> {
    signal?.throwIfAborted();
    const found = await readDescription(this.path);
    requireSameModel(this.path, this.origin, found.origin);
    await this.table.checkoutLatest();
    this.description = found;
  }

  /** Merges small files and removes what was replaced or deleted. */
  async compact({ signal }: Abortable = {}): Promise<void> {
    signal?.throwIfAborted();
    await this.table.optimize({ cleanupOlderThan: new Date() });
  }

  close(): Promise<void> {
    this.table.close();
    return Promise.resolve();
  }

  /** Closes the index at the end of a block: `await using index = ...;` */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  // With the metric "dot", LanceDB's graphs find next to nothing; of unit vectors the cosine is the same.
  #nearest(vector: Float32Array, kind: VectorKind) {
    return this.table
      .vectorSearch(vector)
      .column(kind)
      .distanceType("cosine")
      .select(["entry", "_distance"]);
  }

  async #describe(changed: Partial<Description>): Promise<void> {
    const next = { ...this.description, ...changed };
    await describe(this.path, next);
    this.description = next;
  }
}

/** A row of the table, as it is read. */
interface Stored {
  readonly key: string;
  readonly entry: string;
  readonly image: { toArray(): Float32Array } | null;
  readonly text: { toArray(): Float32Array } | null;
}

type Found = Pick<Stored, "entry"> & { readonly _distance: number };

function schemaOf({ arrow }: LancePackage, width: number) {
  const { Field, FixedSizeList, Float32, List, Schema, Utf8 } = arrow;
  const vector = new FixedSizeList(width, new Field("item", new Float32(), true));
  return new Schema([
    new Field("key", new Utf8(), false),
    new Field("entry", new Utf8(), false),
    new Field("tags", new List(new Field("item", new Utf8(), true)), false),
    new Field("image", vector, true),
    new Field("text", vector, true),
  ]);
}

function recordOf(row: IndexRow): Record<string, unknown> {
  const entry = entryOf(row);
  return {
    key: row.key,
    entry: JSON.stringify(entry),
    tags: [...tagsOf(entry)],
    image: row.image ? Array.from(row.image) : null,
    text: row.textVector ? Array.from(row.textVector) : null,
  };
}

function rowOf({ entry, image, text }: Stored): IndexRow {
  return {
    ...(JSON.parse(entry) as IndexEntry),
    ...(image && { image: Float32Array.from(image.toArray()) }),
    ...(text && { textVector: Float32Array.from(text.toArray()) }),
  };
}

function hitOf({ entry, _distance }: Found): Hit {
  return { ...(JSON.parse(entry) as IndexEntry), similarity: 1 - _distance };
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
const isOneOf = (keys: readonly string[]): string => `key IN (${keys.map(quoted).join(", ")})`;
const hasTag = (tag: string): string => `array_has(tags, ${quoted(tag)})`;

/** Whether the index in a directory says that it is in LanceDB. */
export async function isLanceIndex(path: string): Promise<boolean> {
  const text = await readFile(join(path, descriptionName), "utf8").catch(() => "");
  return text.includes(`"format": ${JSON.stringify(lanceFormat)}`);
}

const databaseIn = (path: string): string => resolve(path, "lance");

const describe = (path: string, content: Description): Promise<void> =>
  replaceFile(join(path, descriptionName), `${JSON.stringify(content, undefined, 2)}\n`);

async function readDescription(path: string): Promise<Description> {
  try {
    return description.parse(JSON.parse(await readFile(join(path, descriptionName), "utf8")));
  } catch (error) {
    throw new SourceError(`${path} cannot be read as an index in LanceDB: ${reasonOf(error)}`);
  }
}
