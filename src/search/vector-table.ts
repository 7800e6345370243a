/** All vectors of one kind in an index: rows that are appended, scanned and read. */
import type { Abortable } from "../base/call-options.js";
import type { Backend } from "../backend/backend.js";
import { concatenated } from "../inference/similarity.js";
import { type Bounds, errorBound, noBounds, widest } from "./quantized.js";
import { type Candidate, Shortlist } from "./shortlist.js";
import { VectorBlock, queriesAtOnce } from "./vector-block.js";

/** Rows of the smallest block; each further one is as large as all before it together. */
const fewestRows = 1024;
/** Rows compared exactly at a time. */
const exactAtOnce = 256;

export interface NearestOptions extends Abortable {
  readonly top: number;
  /** By row, whether it may be found; default: all. */
  readonly allowed?: Uint8Array | undefined;
}

export class VectorTable {
  readonly #blocks: VectorBlock[] = [];

  /** @param first a full block that the table begins with */
  constructor(
    readonly backend: Backend,
    readonly width: number,
    first?: VectorBlock,
  ) {
    if (first) this.#blocks.push(first);
  }

  get rows(): number {
    return this.#blocks.reduce((sum, block) => sum + block.rows, 0);
  }

  /** Appends vectors [N, width]; no scan may be running. */
  append(vectors: Float32Array): void {
    const { width } = this;
    for (let next = 0; next < vectors.length;) {
      const block = this.#blockWithRoom();
      const end = Math.min(vectors.length, next + (block.capacity - block.rows) * width);
      block.append(vectors.subarray(next, end));
      next = end;
    }
  }

  /** The vectors of these rows: float32 [ids, width]. */
  async read(ids: readonly number[], options: Abortable = {}): Promise<Float32Array> {
    const { width } = this;
    const read = new Float32Array(ids.length * width);
    for (const { block, first } of this.#placed()) {
      const places = [...ids.keys()].filter(
        (place) => ids[place]! >= first && ids[place]! < first + block.rows,
      );
      if (places.length === 0) continue;
      const own = places.map((place) => ids[place]! - first);
      const vectors = await block.read(own, options);
      for (const [index, place] of places.entries()) {
        read.set(vectors.subarray(index * width, (index + 1) * width), place * width);
      }
    }
    return read;
  }

  /**
   * The rows with the highest products with each query, highest first, exactly those that a scan of the vectors themselves
   * would find: the 8-bit scan keeps all rows that its error could hide.
   */
  async nearest(queries: readonly Float32Array[], options: NearestOptions): Promise<Candidate[][]> {
    const found: Candidate[][] = [];
    for (let first = 0; first < queries.length; first += queriesAtOnce) {
      const some = queries.slice(first, first + queriesAtOnce);
      const lists = await this.#scan(some, options);
      for (const [index, query] of some.entries()) {
        found.push(await this.#exact(query, lists[index]!, options));
      }
    }
    return found;
  }

  dispose(): void {
    for (const block of this.#blocks) block.dispose();
    this.#blocks.length = 0;
  }

  async #scan(
    queries: readonly Float32Array[],
    { top, allowed, signal }: NearestOptions,
  ): Promise<Shortlist[]> {
    const bounds = this.#blocks.reduce<Bounds>((all, own) => widest(all, own.bounds), noBounds);
    const lists = queries.map((query) => new Shortlist(top, errorBound(query, bounds)));
    const joined = concatenated(queries);
    for (const { block, first } of this.#placed()) {
      const scores = await block.scan(joined, { signal });
      for (const [index, own] of scores.entries()) lists[index]!.offer(own, first, allowed);
    }
    return lists;
  }

  async #exact(
    query: Float32Array,
    list: Shortlist,
    { top, signal }: NearestOptions,
  ): Promise<Candidate[]> {
    const { width } = this;
    const candidates = list.candidates();
    let best: Candidate[] = [];
    for (let first = 0; first < candidates.length; first += exactAtOnce) {
      const least = best.length < top ? -Infinity : best.at(-1)!.score;
      if (candidates[first]!.score < least - list.margin) break;
      const rows = candidates.slice(first, first + exactAtOnce).map(({ row }) => row);
      const vectors = await this.read(rows, { signal });
      const exact = rows.map((row, i) => ({ row, score: dot(query, vectors, i * width) }));
      best = [...best, ...exact].sort((a, b) => b.score - a.score || a.row - b.row).slice(0, top);
    }
    return best;
  }

  *#placed(): Generator<{ readonly block: VectorBlock; readonly first: number }> {
    let first = 0;
    for (const block of this.#blocks) {
      yield { block, first };
      first += block.rows;
    }
  }

  #blockWithRoom(): VectorBlock {
    const last = this.#blocks.at(-1);
    if (last && last.rows < last.capacity) return last;
    const block = new VectorBlock(this.backend, Math.max(fewestRows, this.rows), this.width);
    this.#blocks.push(block);
    return block;
  }
}

/** The product of a vector with the one that begins at `from`. */
function dot(vector: Float32Array, others: Float32Array, from: number): number {
  let sum = 0;
  for (let i = 0; i < vector.length; i++) sum += vector[i]! * others[from + i]!;
  return sum;
}
