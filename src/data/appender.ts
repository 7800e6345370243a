import type { FileHandle } from "node:fs/promises";

const flushBytes = 1 << 20;

/** Appends bytes to a file, in large pieces. */
export class Appender {
  readonly #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #size = 0;

  constructor(readonly handle: FileHandle) {}

  /** Bytes appended so far. */
  get size(): number {
    return this.#size;
  }

  async append(...pieces: readonly Uint8Array[]): Promise<void> {
    this.#pending.push(...pieces);
    const bytes = pieces.reduce((sum, { length }) => sum + length, 0);
    this.#pendingBytes += bytes;
    this.#size += bytes;
    if (this.#pendingBytes >= flushBytes) await this.flush();
  }

  /** Writes what is pending. */
  async flush(): Promise<void> {
    const bytes = Buffer.concat(this.#pending);
    this.#pending.length = this.#pendingBytes = 0;
    await this.handle.writeFile(bytes); // everything, at the current position, or it throws
  }

  async close(): Promise<void> {
    await this.flush();
    await this.handle.close();
  }
}
