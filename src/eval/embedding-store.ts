/** Embeddings kept by the content that they are of, so that each is computed once, also after an interruption. */
import { createHash } from "node:crypto";
import { type FileHandle, mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { fromFloat16, toFloat16 } from "../base/float16.js";

/** Rows of one width, found by a digest of their content. Rows are numbered as they are added. */
export interface EmbeddingStore {
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

export type StoredDtype = "float32" | "float16";

/** Added rows are written once there are this many bytes of them. */
const bytesPerWrite = 4 * 2 ** 20;

/**
 * Opens the rows in `folder`, which is created if it is missing. Rows whose writing was interrupted are dropped. Only one
 * process at a time may have it open.
 */
export async function openEmbeddingStore(
  folder: string,
  width: number,
  dtype: StoredDtype,
): Promise<EmbeddingStore> {
  await mkdir(folder, { recursive: true });
  const [rows, digests] = await Promise.all(
    ["rows", "digests"].map((name) => open(join(folder, `${name}.${dtype}`), "a+")),
  );
  return FileStore.open({ rows: rows!, digests: digests! }, width, dtype);
}

interface Files {
  readonly rows: FileHandle;
  readonly digests: FileHandle;
}

class FileStore implements EmbeddingStore {
  readonly #rowsByDigest = new Map<string, number>();
  readonly #bytesPerRow: number;
  /** Rows not yet written, and their digests. */
  #pending: { readonly digest: string; readonly bytes: Uint8Array }[] = [];

  private constructor(
    private readonly files: Files,
    readonly width: number,
    private readonly dtype: StoredDtype,
  ) {
    this.#bytesPerRow = width * (dtype === "float16" ? 2 : 4);
  }

  static async open(files: Files, width: number, dtype: StoredDtype): Promise<FileStore> {
    const store = new FileStore(files, width, dtype);
    const [rows, digests] = [(await files.rows.stat()).size, (await files.digests.stat()).size];
    const count = Math.floor(Math.min(rows / store.#bytesPerRow, digests / digestBytes));
    await files.rows.truncate(count * store.#bytesPerRow);
    await files.digests.truncate(count * digestBytes);
    const found = Buffer.alloc(count * digestBytes);
    await files.digests.read(found, 0, found.length, 0);
    for (let row = 0; row < count; row++) {
      const digest = found.toString("hex", row * digestBytes, (row + 1) * digestBytes);
      store.#rowsByDigest.set(digest, row);
    }
    return store;
  }

  rowOf(digest: string): number | undefined {
    return this.#rowsByDigest.get(digest);
  }

  async add(digest: string, values: Float32Array): Promise<void> {
    if (this.#rowsByDigest.has(digest)) return;
    this.#rowsByDigest.set(digest, this.#rowsByDigest.size);
    const { buffer } = this.dtype === "float16" ? toFloat16(values) : values.slice();
    this.#pending.push({ digest, bytes: new Uint8Array(buffer) });
    if (this.#pending.length * this.#bytesPerRow >= bytesPerWrite) await this.#write();
  }

  async read(rows: Int32Array, target: Float32Array): Promise<void> {
    await this.#write();
    for (const { start, length } of runsOf(rows)) {
      const own = target.subarray(start * this.width, (start + length) * this.width);
      const bytes = new Uint8Array(length * this.#bytesPerRow);
      await this.files.rows.read(bytes, 0, bytes.length, rows[start]! * this.#bytesPerRow);
      if (this.dtype === "float16")
        fromFloat16(new Uint16Array(bytes.buffer), own as Float32Array<ArrayBuffer>);
      else own.set(new Float32Array(bytes.buffer));
    }
  }

  async close(): Promise<void> {
    await this.#write();
    await Promise.all([this.files.rows.close(), this.files.digests.close()]);
  }

  async #write(): Promise<void> {
    const some = this.#pending;
    if (some.length === 0) return;
    this.#pending = [];
    await this.files.rows.appendFile(Buffer.concat(some.map(({ bytes }) => bytes)));
    const digests = some.map(({ digest }) => digest).join("");
    await this.files.digests.appendFile(Buffer.from(digests, "hex"));
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
