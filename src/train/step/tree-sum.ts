/**
 * Sums in the order of a binary tree. The gradients of the parts of a batch are added in this order, so that it does not
 * matter which process computes which of them: aligned groups of equal size have the same sums, wherever they are added.
 */
import { add } from "../../graph/ops/arithmetic.js";
import { cast } from "../../graph/ops/cast.js";
import type { Tensor } from "../../graph/tensor.js";

/** The sum of at least one tensor: the largest power of two below their number on the left, the rest on the right. */
export function treeOf(tensors: readonly Tensor[]): Tensor {
  if (tensors.length === 1) return tensors[0]!;
  let middle = 1;
  while (2 * middle < tensors.length) middle *= 2;
  return add(treeOf(tensors.slice(0, middle)), treeOf(tensors.slice(middle)));
}

/**
 * What the gradients of shards, and each sum of two, are rounded to. They are rounded alike wherever they are added, so that
 * the number of processes does not matter.
 */
export type SumDtype = "float32" | "bfloat16";

/** x, float32, rounded to `dtype`, as float32. */
export const roundedTo = (x: Tensor, dtype: SumDtype): Tensor => cast(cast(x, dtype), "float32");

/** How many parts of a step a process computes. */
export interface PartCounts {
  /** Shards of the batch; default 1. */
  readonly shards?: number;
  /** Equal parts of each shard that run in turn, to save memory; default 1. */
  readonly microBatches?: number;
}

/**
 * Where the sum of parts that come one after another is kept. Micro-batches are added up in level 0, one after another, as
 * no other process shares their shard. Sums of shards are kept in levels like the digits of a binary counter: each level has
 * twice as many as the one below. A shard of one part is added to level 0 directly.
 */
export class PartialSums {
  readonly parts: number;
  /** Number of levels that the state has. */
  readonly levels: number;
  /** The levels to which the last part is added. */
  readonly filled: readonly number[];
  readonly #microBatches: number;

  constructor({ shards = 1, microBatches = 1 }: PartCounts) {
    this.#microBatches = microBatches;
    this.parts = shards * microBatches;
    const digits = Math.floor(Math.log2(Math.max(1, shards - 1))) + 1;
    const places = Array.from({ length: digits }, (_, digit) => digit);
    const filled = places.filter((digit) => (((shards - 1) >> digit) & 1) === 1);
    this.filled = this.accumulates ? [0, ...filled.map((digit) => digit + 1)] : filled;
    this.levels = shards === 1 ? Number(this.accumulates) : digits + Number(this.accumulates);
  }

  /** Whether part number `index` replaces level 0, instead of being added to it. */
  begins(index: number): boolean {
    return index % (this.accumulates ? this.#microBatches : 2) === 0;
  }

  /** The level to which the sums of all levels below are carried after part number `index`; 0 if they stay. */
  carriedTo(index: number): number {
    if ((index + 1) % this.#microBatches !== 0) return 0;
    const shard = Math.floor(index / this.#microBatches);
    let digit = 0;
    while (((shard >> digit) & 1) === 1) digit++;
    return digit + Number(this.accumulates);
  }

  /** Whether level 0 has the micro-batches of one shard, instead of shards. */
  get accumulates(): boolean {
    return this.#microBatches > 1;
  }
}
