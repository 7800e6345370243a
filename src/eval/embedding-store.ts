/** Embeddings kept by the content that they are of, so that each is computed once, also after an interruption. */
import { createHash } from "node:crypto";
import { type FileHandle, appendFile, mkdir, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Communicator } from "../backend/communicator.js";
import { fromFloat16, toFloat16 } from "../base/float16.js";
import { reasonOf } from "../data/formats/source-error.js";
import { gatherJson, isFirst } from "../parallel/agreement.js";

/** Rows of one width, found by a digest of their content. Rows are numbered as they are added. */
export interface EmbeddingStore {
  /** Numbers in a row. */
  readonly width: number;
  /** The row with this digest; undefined if there is none. */
  rowOf(digest: string): number | undefined;
  /** Adds a row, unless there is one with this digest. */
  add(digest: string, values: Float32Array): Promise<void>;
  /** Reads some rows into `target`: float32 [rows, width]. */
  read(rows: Int32Array, target: Float32Array): Promise<void>;
  /** Makes sure that an interruption loses no row added so far, and closes the files. */
  close(): Promise<void>;
}

/** Digests are this many bytes of SHA-256, in hexadecimal. */
const digestBytes = 16;

/** A copy of the rows with these digests, each of which the store has: float32 [rows, width]. */
export async function readRows(
  store: EmbeddingStore,
  digests: readonly string[],
): Promise<Float32Array> {
  const values = new Float32Array(digests.length * store.width);
  await store.read(rowsOf(store, digests), values);
  return values;
}

/** The rows with these digests, each of which the store has. */
export const rowsOf = (store: EmbeddingStore, digests: readonly string[]): Int32Array =>
  Int32Array.from(digests, (digest) => store.rowOf(digest)!);

/** Identifies the content of a row. */
export function digestOf(...content: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of content) hash.update(part);
  return hash.digest("hex").slice(0, 2 * digestBytes);
}

/** Keeps rows in memory, for one evaluation. */
export function memoryStore(width: number): EmbeddingStore {
  const rowsByDigest = new Map<string, number>();
  const kept: Float32Array[] = [];
  return {
    width,
    rowOf: (digest) => rowsByDigest.get(digest),
    add: (digest, values) => {
      if (!rowsByDigest.has(digest)) {
        rowsByDigest.set(digest, kept.length);
        kept.push(values.slice());
      }
      return Promise.resolve();
    },
    read: (rows, target) => {
      for (const [place, row] of rows.entries()) target.set(kept[row]!, place * width);
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
}

/** How rows are kept on disk; they are read as float32. */
export type StoredDtype = "float32" | "float16";

/** Added rows are written once there are this many bytes of them. */
const bytesPerWrite = 4 * 2 ** 20;

/**
 * Opens the rows in `folder`, which is created if it is missing. Rows whose writing was interrupted are dropped. Only one run at
 * a time may have it open: its processes add the same rows in the same order, of which the first one writes them and all read them.
 */
export async function openEmbeddingStore(
  folder: string,
  width: number,
  dtype: StoredDtype,
  processes?: Communicator,
): Promise<EmbeddingStore> {
  const paths = { rows: join(folder, `rows.${dtype}`), digests: join(folder, `digests.${dtype}`) };
  const bytesPerRow = width * (dtype === "float16" ? 2 : 4);
  if (isFirst(processes)) {
    await mkdir(folder, { recursive: true });
    await dropIncomplete(paths, bytesPerRow);
  }
  if (processes) await gatherJson(processes, "opened");
  return FileStore.open(paths, width, dtype, processes);
}

interface Paths {
  readonly rows: string;
  readonly digests: string;
}

/** Cuts the files back to the rows that both of them have. */
async function dropIncomplete(paths: Paths, bytesPerRow: number): Promise<void> {
  const [rows, digests] = await Promise.all([open(paths.rows, "a"), open(paths.digests, "a")]);
  const sizes = [(await rows.stat()).size / bytesPerRow, (await digests.stat()).size / digestBytes];
  const count = Math.floor(Math.min(...sizes));
  await rows.truncate(count * bytesPerRow);
  await digests.truncate(count * digestBytes);
  await Promise.all([rows.close(), digests.close()]);
}

class FileStore implements EmbeddingStore {
  readonly #rowsByDigest: Map<string, number>;
  readonly #bytesPerRow: number;
  /** Rows not yet written, and their digests; of the first process alone. */
  #pending: { readonly digest: string; readonly bytes: Uint8Array }[] = [];
  /** That all rows can be read; undefined if some were added since. */
  #complete: Promise<void> | undefined = Promise.resolve();
  /** Why rows were lost, as by a full disk: further ones would be written to their places. */
  #failure: Error | undefined;

  private constructor(
    private readonly paths: Paths,
    private rows: FileHandle,
    digests: Buffer,
    readonly width: number,
    private readonly dtype: StoredDtype,
    private readonly processes: Communicator | undefined,
  ) {
    this.#bytesPerRow = width * (dtype === "float16" ? 2 : 4);
    const count = digests.length / digestBytes;
    this.#rowsByDigest = new Map(
      Array.from({ length: count }, (_, row) => [
        digests.toString("hex", row * digestBytes, (row + 1) * digestBytes),
        row,
      ]),
    );
  }

  static async open(
    paths: Paths,
    width: number,
    dtype: StoredDtype,
    processes: Communicator | undefined,
  ): Promise<FileStore> {
    const rows = await open(paths.rows);
    return new FileStore(paths, rows, await readFile(paths.digests), width, dtype, processes);
  }

  rowOf(digest: string): number | undefined {
    return this.#rowsByDigest.get(digest);
  }

  async add(digest: string, values: Float32Array): Promise<void> {
    if (this.#failure) throw this.#failure;
    if (this.#rowsByDigest.has(digest)) return;
    this.#rowsByDigest.set(digest, this.#rowsByDigest.size);
    this.#complete = undefined;
    if (!isFirst(this.processes)) return;
    const { buffer } = this.dtype === "float16" ? toFloat16(values) : values.slice();
    this.#pending.push({ digest, bytes: new Uint8Array(buffer) });
    if (this.#pending.length * this.#bytesPerRow >= bytesPerWrite) await this.#write();
  }

  async read(rows: Int32Array, target: Float32Array): Promise<void> {
    await (this.#complete ??= this.#completed());
    for (const { start, length } of runsOf(rows)) {
      const own = target.subarray(start * this.width, (start + length) * this.width);
      const bytes = new Uint8Array(length * this.#bytesPerRow);
      const place = rows[start]! * this.#bytesPerRow;
      const { bytesRead } = await this.rows.read(bytes, 0, bytes.length, place);
      if (bytesRead < bytes.length)
        throw new Error(`${this.paths.rows} was cut while it was read.`);
      if (this.dtype === "float16")
        fromFloat16(new Uint16Array(bytes.buffer), own as Float32Array<ArrayBuffer>);
      else own.set(new Float32Array(bytes.buffer));
    }
  }

  async close(): Promise<void> {
    try {
      if (!this.#failure) await this.#write();
    } finally {
      await this.rows.close();
    }
  }

  /** Lets all processes see all rows. They come here together, when they read the first time after rows were added. */
  async #completed(): Promise<void> {
    await this.#write();
    if (!this.processes) return;
    await gatherJson(this.processes, "written");
    if (isFirst(this.processes)) return;
    // Network file systems show the writes of another machine to those who open the file afterwards.
    await this.rows.close();
    this.rows = await open(this.paths.rows);
  }

  async #write(): Promise<void> {
    if (this.#failure) throw this.#failure;
    const some = this.#pending;
    if (some.length === 0) return;
    this.#pending = [];
    try {
      await appendFile(this.paths.rows, Buffer.concat(some.map(({ bytes }) => bytes)));
      const digests = some.map(({ digest }) => digest).join("");
      await appendFile(this.paths.digests, Buffer.from(digests, "hex"));
    } catch (error) {
      this.#failure = new Error(`${this.paths.rows} cannot be written: ${reasonOf(error)}`);
      throw this.#failure;
    }
  }
}

/** Runs of consecutive numbers. */
function* runsOf(rows: Int32Array): Generator<{ readonly start: number; readonly length: number }> {
  for (let start = 0, next = 0; start < rows.length; start = next) {
    do next++;
    while (next < rows.length && rows[next] === rows[next - 1]! + 1);
    yield { start, length: next - start };
  }
}
