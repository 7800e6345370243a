/**
 * The segment of an index: its samples as of the last compaction, in files that never change. `.entries` holds what is known
 * of each sample as a line of JSON, `.image` and `.text` the vectors as `blockLayout` says, ready to be mapped.
 */
import { type FileHandle, open, readFile } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";
import { crc32 } from "node:zlib";
import { z } from "zod";
import type { Abortable, CallOptions } from "../base/call-options.js";
import type { Backend } from "../backend/backend.js";
import { writeAt } from "../base/write-at.js";
import { concatenated } from "../inference/similarity.js";
import { SourceError } from "../data/formats/source-error.js";
import { type Bounds, noBounds, quantize, widest } from "./quantized.js";
import { VectorBlock, blockBytes, blockLayout } from "./vector-block.js";
import {
  type IndexEntry,
  type IndexRow,
  type VectorKind,
  entryOf,
  vectorKinds,
  vectorOf,
} from "./vector-index.js";

const count = z.int().nonnegative();
const vectors = z.object({
  rows: count,
  bounds: z.object({ length: z.number(), residual: z.number() }),
  /** CRC-32 of each part of the file. */
  checksums: z.object({ vectors: count, scales: count, codes: count }),
});

export const segmentDescription = z.object({
  samples: count,
  entries: z.object({ bytes: count, checksum: count }),
  image: vectors,
  text: vectors,
});

export type SegmentDescription = z.infer<typeof segmentDescription>;
type VectorsDescription = z.infer<typeof vectors>;

export const segmentSuffixes = [".entries", ".image", ".text"] as const;

/** A sample of a segment. */
export interface SegmentEntry {
  readonly entry: IndexEntry;
  readonly has: readonly VectorKind[];
}

/** Samples written at a time. */
const rowsAtOnce = 1024;

/**
 * Writes a segment to files that begin with `prefix`, and waits until they are on disk.
 * @param counts of the rows that have each kind of vector
 */
export async function writeSegment(
  prefix: string,
  rows: AsyncIterable<IndexRow>,
  counts: Readonly<Record<VectorKind, number>>,
  width: number,
): Promise<SegmentDescription> {
  const entries = await open(`${prefix}.entries`, "w");
  const image = new VectorWriter(await open(`${prefix}.image`, "w"), counts.image, width);
  const text = new VectorWriter(await open(`${prefix}.text`, "w"), counts.text, width);
  const writers = { image, text };
  let [samples, bytes, checksum] = [0, 0, 0];
  const write = async (some: readonly IndexRow[]): Promise<void> => {
    const lines = Buffer.from(some.map((row) => `${lineOf(row)}\n`).join(""));
    await entries.writeFile(lines);
    [samples, bytes, checksum] = [
      samples + some.length,
      bytes + lines.length,
      continued(checksum, lines),
    ];
    for (const kind of vectorKinds) {
      await writers[kind].write(some.flatMap((row) => vectorOf(row, kind) ?? []));
    }
  };
  try {
    let some: IndexRow[] = [];
    for await (const row of rows) {
      if (some.push(row) < rowsAtOnce) continue;
      await write(some);
      some = [];
    }
    await write(some);
    await entries.sync();
    return {
      samples,
      entries: { bytes, checksum },
      image: await image.finish(),
      text: await text.finish(),
    };
  } finally {
    for (const file of [entries, image.handle, text.handle]) await file.close();
  }
}

function lineOf(row: IndexRow): string {
  const has = vectorKinds.filter((kind) => vectorOf(row, kind));
  return JSON.stringify({ entry: entryOf(row), has } satisfies SegmentEntry);
}

/** Writes the three parts of a file of vectors side by side. */
class VectorWriter {
  readonly #checksums = { vectors: 0, scales: 0, codes: 0 };
  #rows = 0;
  #bounds: Bounds = noBounds;

  constructor(
    readonly handle: FileHandle,
    private readonly total: number,
    private readonly width: number,
  ) {}

  async write(vectors: readonly Float32Array[]): Promise<void> {
    const { width } = this;
    const joined = concatenated(vectors);
    const { codes, scales, bounds } = quantize(joined, width);
    await this.#writePart("vectors", joined, 4 * width);
    await this.#writePart("scales", scales, 4);
    await this.#writePart("codes", codes, width);
    this.#rows += vectors.length;
    this.#bounds = widest(this.#bounds, bounds);
  }

  async finish(): Promise<VectorsDescription> {
    if (this.#rows !== this.total) {
      throw new Error(`Expected ${this.total} vectors, but ${this.#rows} were written.`);
    }
    await this.handle.sync();
    return { rows: this.total, bounds: this.#bounds, checksums: this.#checksums };
  }

  async #writePart(
    part: keyof VectorsDescription["checksums"],
    values: Float32Array<ArrayBuffer> | Int8Array<ArrayBuffer>,
    bytesPerRow: number,
  ): Promise<void> {
    const bytes = Buffer.from(values.buffer);
    const start = blockLayout(this.total, this.width)[part] + this.#rows * bytesPerRow;
    await writeAt(this.handle, bytes, start);
    this.#checksums[part] = continued(this.#checksums[part], bytes);
  }
}

/**
 * The entries of a segment. Other work goes on meanwhile.
 * @throws SourceError if the file is damaged
 */
export async function readEntries(
  prefix: string,
  { entries, samples }: SegmentDescription,
  { signal, onProgress }: CallOptions = {},
): Promise<SegmentEntry[]> {
  const path = `${prefix}.entries`;
  const bytes = await readFile(path);
  if (bytes.length !== entries.bytes || crc32(bytes) !== entries.checksum) throw damaged(path);
  const found: SegmentEntry[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(0x0a, start);
    found.push(JSON.parse(bytes.toString("utf8", start, end)) as SegmentEntry);
    start = end + 1;
    if (found.length % rowsAtOnce !== 0 && start < bytes.length) continue;
    onProgress?.(found.length, samples);
    await setImmediate();
    signal?.throwIfAborted();
  }
  if (found.length !== samples) throw damaged(path);
  return found;
}

/**
 * The vectors of one kind; undefined if there are none. They are mapped, or read if the backend cannot map files.
 * @throws SourceError if the file is shorter than stated
 */
export async function openVectors(
  path: string,
  { rows, bounds }: VectorsDescription,
  backend: Backend,
  width: number,
): Promise<VectorBlock | undefined> {
  if (rows === 0) return undefined;
  const handle = await open(path, "r");
  try {
    const { size } = await handle.stat();
    if (size !== blockBytes(rows, width)) throw damaged(path);
    const file = { descriptor: handle.fd, bytes: size };
    const mapped = VectorBlock.map(backend, file, rows, width, bounds);
    if (mapped) return mapped;
    const block = new VectorBlock(backend, rows, width);
    const bytes = new Float32Array(rowsAtOnce * width);
    for (let row = 0; row < rows; row += rowsAtOnce) {
      const some = bytes.subarray(0, Math.min(rowsAtOnce, rows - row) * width);
      await handle.read(some, 0, some.byteLength, row * width * 4);
      block.append(some);
    }
    return block;
  } finally {
    await handle.close();
  }
}

/**
 * Compares the vectors of one kind with their checksums.
 * @throws SourceError if they are damaged
 */
export async function verifyVectors(
  path: string,
  { rows, checksums }: VectorsDescription,
  width: number,
  { signal }: Abortable = {},
): Promise<void> {
  const handle = await open(path, "r");
  try {
    const starts = blockLayout(rows, width);
    const ends = { vectors: starts.scales, scales: starts.codes, codes: blockBytes(rows, width) };
    const buffer = Buffer.alloc(1 << 20);
    for (const part of ["vectors", "scales", "codes"] as const) {
      let checksum = 0;
      for (let at = starts[part]; at < ends[part];) {
        signal?.throwIfAborted();
        const length = Math.min(buffer.length, ends[part] - at);
        const { bytesRead } = await handle.read(buffer, 0, length, at);
        if (bytesRead === 0) throw damaged(path);
        checksum = crc32(buffer.subarray(0, bytesRead), checksum);
        at += bytesRead;
      }
      if (checksum !== checksums[part]) throw damaged(path);
    }
  } finally {
    await handle.close();
  }
}

/** The checksum of what came before and of these bytes. Of no bytes, Node's function returns 0. */
const continued = (checksum: number, bytes: Uint8Array): number =>
  bytes.length === 0 ? checksum : crc32(bytes, checksum);

const damaged = (path: string): SourceError =>
  new SourceError(
    `${path} is damaged. Restore it from a copy, or remove the index and make it again.`,
  );
