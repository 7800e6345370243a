/** How the numbers of a tensor are divided among processes: by blocks, which are also those of sums of squares. */
import type { World } from "../world.js";

/** `numbersPerBlock` of native/runtime/kernel.h. */
export const numbersPerBlock = 8192;

/** Numbers of a tensor in a row: those from `begin` to before `end`. */
export interface Range {
  /** The first number that is part of it. */
  readonly begin: number;
  /** The first number after it. */
  readonly end: number;
}

export const blocksOf = (size: number): number => Math.ceil(size / numbersPerBlock);

/** What a process has of a tensor of `size` numbers; empty if there are fewer blocks than processes before it. */
export function rangeOf(size: number, world: World): Range {
  const blocks = blocksOf(size);
  const border = (rank: number): number =>
    Math.min(size, Math.floor((blocks * rank) / world.size) * numbersPerBlock);
  return { begin: border(world.rank), end: border(world.rank + 1) };
}
