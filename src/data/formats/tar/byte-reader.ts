/** Sequential reading of bytes from a file, without reading skipped bytes, or from a stream. */
import type { ByteRanges } from "../byte-ranges.js";
import { SourceError } from "../source-error.js";

export interface ByteReader {
  /** Offset of the next byte in the file or stream. */
  readonly position: number;
  /** Bytes left; undefined if unknown. */
  readonly remaining: number | undefined;
  /** The next `length` bytes; fewer at the end. May be a view of a larger buffer: copy what you keep. */
  take(length: number): Promise<Buffer>;
  /** Skips `length` bytes; false if the end is reached first. */
  skip(length: number): Promise<boolean>;
}

const longestWindow = 256 * 1024;
const nearBytes = 16 * 1024; // a gap this short is cheaper to read than to skip

/** The bytes [start, end) of a file. Reads ahead only where that saves reads, as with small files close together. */
export class FileBytes implements ByteReader {
  position: number;
  #window: Buffer = Buffer.alloc(0);
  #windowStart: number;
  #ahead: number;

  /** @param ahead bytes of the first read, even if fewer are requested */
  constructor(
    private readonly file: ByteRanges,
    start: number,
    private readonly end: number,
    ahead = 512,
  ) {
    this.position = start;
    this.#windowStart = start;
    this.#ahead = ahead;
  }

  get remaining(): number {
    return Math.max(0, this.end - this.position);
  }

  async take(length: number): Promise<Buffer> {
    const needed = Math.min(length, this.remaining);
    const from = this.position - this.#windowStart;
    const inside = from + needed <= this.#window.length;
    if (!inside) await this.#fill(needed, from - this.#window.length <= nearBytes);
    const begin = this.position - this.#windowStart;
    const bytes = this.#window.subarray(begin, begin + needed);
    this.position += bytes.length;
    return bytes;
  }

  skip(length: number): Promise<boolean> {
    const possible = length <= this.remaining;
    this.position += Math.min(length, this.remaining);
    return Promise.resolve(possible);
  }

  async #fill(needed: number, near: boolean): Promise<void> {
    this.#ahead = near ? Math.min(longestWindow, 2 * this.#ahead) : 512;
    const length = Math.min(this.remaining, Math.max(needed, this.#ahead));
    this.#window = await this.file.read(this.position, length); // slices of the previous one may still be in use
    this.#windowStart = this.position;
  }
}

/** The bytes of a stream. Buffers no more than the requested bytes and one chunk. */
export class StreamBytes implements ByteReader {
  position = 0;
  readonly remaining = undefined;
  readonly #chunks: AsyncIterator<unknown>;
  #chunk: Buffer = Buffer.alloc(0);

  constructor(chunks: AsyncIterable<unknown>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  async take(length: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    let missing = length;
    while (missing > 0 && (await this.#more())) {
      const piece = this.#chunk.subarray(0, missing);
      this.#chunk = this.#chunk.subarray(piece.length);
      missing -= piece.length;
      pieces.push(piece);
    }
    this.position += length - missing;
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
  }

  async skip(length: number): Promise<boolean> {
    let missing = length;
    while (missing > 0 && (await this.#more())) {
      const step = Math.min(missing, this.#chunk.length);
      this.#chunk = this.#chunk.subarray(step);
      missing -= step;
    }
    this.position += length - missing;
    return missing === 0;
  }

  /** Ensures that the chunk is not empty; false at the end. */
  async #more(): Promise<boolean> {
    while (this.#chunk.length === 0) {
      const next = await this.#chunks.next();
      if (next.done === true) return false;
      if (!Buffer.isBuffer(next.value)) throw new SourceError("A stream of bytes gave text.");
      this.#chunk = next.value;
    }
    return true;
  }
}
