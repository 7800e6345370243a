/**
 * The log of an index: a file to which every update is appended as one record, and which is read again when the index is
 * opened. A record begins with its length and its CRC-32, so that one whose writing was cut off is told from a complete one.
 */
import { type FileHandle, open } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { writeAt } from "../base/write-at.js";
import { SourceError } from "../data/formats/source-error.js";
import { type IndexRow, entryOf } from "./vector-index.js";

/** An update: samples added or replaced, or keys deleted. */
export type Update =
  { readonly put: readonly IndexRow[] } | { readonly deleted: readonly string[] };

/** Before each record, as uint32: its length, the CRC-32 of these four bytes, and that of the record. */
const headerBytes = 12;
const lengthBytes = 4;

export class IndexLog {
  #end = 0;
  /** Why nothing can be appended any more. */
  #fault: Error | undefined;

  private constructor(
    private readonly path: string,
    private readonly handle: FileHandle,
  ) {}

  /** Creates an empty log. */
  static async create(path: string): Promise<IndexLog> {
    const log = new IndexLog(path, await open(path, "wx+"));
    await log.handle.sync();
    return log;
  }

  /**
   * Opens a log and passes its updates to `apply`, in order. A record at its end whose writing was cut off was never
   * acknowledged: it is left out and, if the log is opened for writing, removed.
   * @throws SourceError if another record is damaged
   */
  static async open(
    path: string,
    apply: (update: Update) => void,
    { writable }: { readonly writable: boolean },
  ): Promise<IndexLog> {
    const log = new IndexLog(path, await open(path, writable ? "r+" : "r"));
    try {
      const size = await log.readOn(apply);
      if (writable && log.#end < size) {
        await log.handle.truncate(log.#end);
        await log.handle.sync();
      }
      return log;
    } catch (error) {
      await log.close();
      throw error;
    }
  }

  get bytes(): number {
    return this.#end;
  }

  /**
   * Passes the updates after those read so far to `apply`; resolves to the size of the file.
   * @throws SourceError if a record before the last is damaged
   */
  async readOn(apply: (update: Update) => void): Promise<number> {
    const { size } = await this.handle.stat();
    for (;;) {
      const record = await this.#recordAt(this.#end, size);
      if (!record) return size;
      apply(decode(record));
      this.#end += headerBytes + record.length;
    }
  }

  /** Appends an update; it is on disk when this resolves. */
  async append(update: Update): Promise<void> {
    if (this.#fault !== undefined) throw this.#fault;
    const record = encode(update);
    try {
      await writeAt(this.handle, record, this.#end);
      await this.handle.datasync();
      this.#end += record.length;
    } catch (error) {
      await this.#takeBack(error);
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  /** Removes what was written of a failed record; without that, nothing may be appended after it. */
  async #takeBack(cause: unknown): Promise<void> {
    try {
      await this.handle.truncate(this.#end);
    } catch {
      this.#fault = new Error(
        `${this.path} can no longer be written. Open the index again; acknowledged updates are not lost.`,
        { cause },
      );
    }
  }

  /** The record that begins at `start`; undefined at the end of the log. */
  async #recordAt(start: number, size: number): Promise<Buffer | undefined> {
    const header = await this.#read(start, Math.min(headerBytes, Math.max(0, size - start)));
    if (header.length < headerBytes) return undefined;
    const length = header.readUInt32LE(0);
    const end = start + headerBytes + length;
    // A crash of the machine can leave zeros or garbage where the last record was to be.
    if (crc32(header.subarray(0, lengthBytes)) === header.readUInt32LE(4)) {
      if (end > size) return undefined;
      const record = await this.#read(start + headerBytes, length);
      if (crc32(record) === header.readUInt32LE(8)) return record;
      if (end === size) return undefined;
    } else if (await this.#isZero(start, size)) {
      return undefined;
    }
    throw new SourceError(
      `${this.path} is damaged at byte ${start}. Restore it from a copy, or remove the index and make it again.`,
    );
  }

  async #isZero(start: number, end: number): Promise<boolean> {
    for (let at = start; at < end; at += 1 << 20) {
      const bytes = await this.#read(at, Math.min(1 << 20, end - at));
      if (bytes.some((byte) => byte !== 0)) return false;
    }
    return true;
  }

  async #read(start: number, length: number): Promise<Buffer> {
    const bytes = Buffer.alloc(length);
    const { bytesRead } = await this.handle.read(bytes, 0, length, start);
    return bytes.subarray(0, bytesRead);
  }
}

/** An entry in a record; its vectors follow the JSON, in the order of the entries. */
type StoredEntry = ReturnType<typeof entryOf> & { readonly widths: readonly [number, number] };

function encode(update: Update): Buffer {
  const vectors: Float32Array[] = [];
  const put =
    "put" in update &&
    update.put.map((row): StoredEntry => {
      const { image, textVector } = row;
      if (image) vectors.push(image);
      if (textVector) vectors.push(textVector);
      return { ...entryOf(row), widths: [image?.length ?? 0, textVector?.length ?? 0] };
    });
  const json = Buffer.from(JSON.stringify(put ? { put } : update));
  const header = Buffer.alloc(headerBytes + 4);
  header.writeUInt32LE(json.length, headerBytes);
  const record = Buffer.concat([
    header,
    json,
    ...vectors.map(({ buffer, byteOffset, byteLength }) =>
      Buffer.from(buffer, byteOffset, byteLength),
    ),
  ]);
  record.writeUInt32LE(record.length - headerBytes, 0);
  record.writeUInt32LE(crc32(record.subarray(0, lengthBytes)), 4);
  record.writeUInt32LE(crc32(record.subarray(headerBytes)), 8);
  return record;
}

function decode(record: Buffer): Update {
  let next = 4 + record.readUInt32LE(0);
  const update = JSON.parse(record.toString("utf8", 4, next)) as
    { readonly put: readonly StoredEntry[] } | { readonly deleted: readonly string[] };
  if ("deleted" in update) return update;
  const vector = (width: number): Float32Array => {
    const bytes = Uint8Array.from(record.subarray(next, (next += 4 * width)));
    return new Float32Array(bytes.buffer);
  };
  const put = update.put.map(({ widths: [image, text], ...entry }): IndexRow => ({
    ...entry,
    ...(image > 0 && { image: vector(image) }),
    ...(text > 0 && { textVector: vector(text) }),
  }));
  return { put };
}
