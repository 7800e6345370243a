/** Exact search against the speed of memory, and LanceDB with its recall on real embeddings. */
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { load } from "../src/api/load.js";
import { nativeBackend } from "../src/backend/native.js";
import { cacheDirectory } from "../src/base/cache.js";
import { foldIn, keyOf, normal } from "../src/base/random.js";
import { openSource } from "../src/data/formats/open.js";
import { similaritiesOfEach } from "../src/inference/similarity.js";
import { ExactIndex } from "../src/search/exact-index.js";
import { indexSource } from "../src/search/index-source.js";
import { LanceIndex } from "../src/search/lance/lance-index.js";
import { originOf } from "../src/search/open-index.js";
import { VectorBlock } from "../src/search/vector-block.js";
import type { IndexRow } from "../src/search/vector-index.js";
import { fastest, secondsOf } from "./measure.js";
import { type Row, formatRow, judge, rowHeader } from "./report.js";
import { threads } from "./work.js";

const width = 512;
/** Exact search may take so many times what reading its bytes takes. */
const most = 1.5;
const rounds = 15;

export interface SearchSizes {
  /** Vectors that are searched exactly. */
  readonly items: number;
  /** Real images with texts that are embedded for LanceDB; none are skipped. */
  readonly real: number;
}

export async function benchSearch({ items, real }: SearchSizes): Promise<Row[]> {
  const directory = await mkdtemp(join(tmpdir(), "flava-search-"));
  try {
    const rows = await benchExact(join(directory, "exact"), items);
    if (real > 0) await benchLance(join(directory, "lance"), real);
    return rows;
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function benchExact(path: string, items: number): Promise<Row[]> {
  const backend = nativeBackend({ threads });
  const origin = { source: "", model: "", fingerprint: "", precision: "float32", width };
  await ExactIndex.create(path, origin);
  const written = await secondsOf(async () => {
    await using index = await ExactIndex.open(path, backend, { writable: true });
    for (let first = 0; first < items; first += 1024) {
      await index.put(rowsFrom(first, Math.min(1024, items - first)));
    }
    await index.compact();
  });
  let index!: ExactIndex;
  const opened = await secondsOf(async () => {
    index = await ExactIndex.open(path, backend);
  });
  const perMillion = 1e6 / items;
  console.log(
    `${items} vectors of ${width}: written in ${(written * perMillion).toFixed(1)} s a million, opened in ` +
      `${(opened * perMillion).toFixed(1)} s a million`,
  );
  const [query, ...others] = Array.from({ length: 16 }, (_, i) => unitVector(-1 - i));
  const block = new VectorBlock(backend, items, width);
  const vectors = new Float32Array(items * width);
  for (let i = 0; i < items; i += 1024) {
    const some = unitVectors(i, Math.min(1024, items - i));
    vectors.set(some, i * width);
    block.append(some);
  }
  const reader = new MemoryReader(items * width);
  const [read, scan, exact, sixteen, float] = await fastest(
    [
      () => reader.read(),
      () => block.scan(query!),
      () => index.search(query!),
      () => index.search([query!, ...others]),
      () => drain(similaritiesOfEach(backend, query!, vectors, width)),
    ],
    rounds,
  );
  await reader.close();
  block.dispose();
  await index.close();
  backend.dispose();
  const rows = [
    judged("8-bit scan, one query", scan!, read!),
    judged("exact search, ten nearest of one query", exact!, read!),
    judged("exact search, each of 16 queries", sixteen! / 16, read!),
    judged("float32 products, one query", float!, 4 * read!),
  ];
  console.log(rowHeader);
  for (const row of rows) console.log(formatRow(row));
  return rows;
}

const judged = (work: string, ours: number, peer: number): Row =>
  judge({ work, ours: 1000 * ours, peer: 1000 * peer, unit: "ms" }, { atMost: most });

/** What a thread of `MemoryReader` runs: a search for a byte that is not there reads all others at the speed of memory. */
const readerScript = `
  const { parentPort, workerData: { memory, start, length } } = require("node:worker_threads");
  const part = Buffer.from(memory, start, length);
  parentPort.on("message", () => parentPort.postMessage(part.indexOf(2)));
`;

/** Reads memory once, with as many threads as the kernels have. */
class MemoryReader {
  readonly #workers: Worker[];

  constructor(bytes: number) {
    const memory = new SharedArrayBuffer(bytes);
    new Uint8Array(memory).fill(1);
    const length = bytes / threads;
    this.#workers = Array.from({ length: threads }, (_, part) => {
      const workerData = { memory, start: part * length, length };
      return new Worker(readerScript, { eval: true, workerData });
    });
  }

  async read(): Promise<void> {
    const answers = this.#workers.map((worker) => once(worker, "message"));
    for (const worker of this.#workers) worker.postMessage(undefined);
    await Promise.all(answers);
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

async function drain(values: AsyncIterable<unknown>): Promise<void> {
  const iterator = values[Symbol.asyncIterator]();
  while (!(await iterator.next()).done);
}

async function benchLance(path: string, real: number): Promise<void> {
  await using flava = await load();
  const { embedder } = flava;
  const pairs = join(cacheDirectory(), "pmd", "pairs", "icons", "train");
  const source = await openSource(pairs, { maxSamples: real });
  const origin = await originOf(flava, pairs);
  await LanceIndex.create(path, origin);
  await using index = await LanceIndex.open(path);
  await using exact = new ExactIndex(embedder.backend, origin);
  const embedded = await secondsOf(() => indexSource(exact, source, flava));
  const rows: IndexRow[] = [];
  for await (const { key } of exact.entries()) rows.push((await exact.get([key]))[0]!);
  const stored = await secondsOf(() => index.put(rows));
  const queries = rows.flatMap(({ textVector }) => textVector ?? []).slice(0, 200);
  const flat = await secondsOf(() => index.search(queries, { kind: "image" }));
  const ours = await secondsOf(() => exact.search(queries, { kind: "image" }));
  const { recall, settings, seconds: built } = await index.approximate("image");
  const approximate = await secondsOf(() => index.search(queries, { kind: "image" }));
  const each = (total: number): string => `${((1000 * total) / queries.length).toFixed(2)} ms`;
  console.log(
    `${rows.length} real pairs of ${flava.width}: embedded in ${embedded.toFixed(0)} s, stored in ${stored.toFixed(1)} s, ` +
      `approximate index in ${built.toFixed(1)} s; text to image recall@10 ${recall.toFixed(3)} at ` +
      JSON.stringify(settings),
  );
  console.log(
    `a query: LanceDB exact ${each(flat)}, LanceDB approximate ${each(approximate)}, our exact index ${each(ours)}`,
  );
}

function rowsFrom(first: number, count: number): IndexRow[] {
  const vectors = unitVectors(first, count);
  return Array.from({ length: count }, (_, i) => ({
    key: `vector-${first + i}`,
    path: `images/vector-${first + i}.jpg`,
    image: vectors.subarray(i * width, (i + 1) * width),
  }));
}

/** A period of random numbers serves all vectors, each from another place on. */
const numbers = normal(keyOf(1), 1_000_003);

function unitVectors(first: number, count: number): Float32Array {
  const vectors = new Float32Array(count * width);
  for (let row = 0; row < count; row++) {
    const start = ((first + row) * 7919) % (numbers.length - width);
    let squares = 0;
    for (let i = 0; i < width; i++) squares += numbers[start + i]! ** 2;
    const scale = 1 / Math.sqrt(squares);
    for (let i = 0; i < width; i++) vectors[row * width + i] = numbers[start + i]! * scale;
  }
  return vectors;
}

function unitVector(seed: number): Float32Array {
  const vector = normal(foldIn(keyOf(2), seed), width);
  const length = Math.hypot(...vector);
  return vector.map((x) => x / length);
}
