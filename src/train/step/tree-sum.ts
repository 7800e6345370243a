/**
 * Sums in the order of a binary tree. The gradients of the parts of a batch are added in this order, so that it does not
 * matter which process computes which of them: aligned groups of equal size have the same sums, wherever they are added.
 */
import { add } from "../../graph/ops/arithmetic.js";
import type { Tensor } from "../../graph/tensor.js";

/** The sum of at least one tensor: the largest power of two below their number on the left, the rest on the right. */
export function treeOf(tensors: readonly Tensor[]): Tensor {
  if (tensors.length === 1) return tensors[0]!;
  let middle = 1;
  while (2 * middle < tensors.length) middle *= 2;
  return add(treeOf(tensors.slice(0, middle)), treeOf(tensors.slice(middle)));
}

/**
 * When tensors come one after another, partial sums are kept in levels, like the digits of a binary counter: level k has the
 * sum of 2^k of them. This is the number of levels for `count` tensors, the last of which is added to what the levels hold.
 */
export function levelsFor(count: number): number {
  return count < 2 ? 0 : Math.floor(Math.log2(count - 1)) + 1;
}

/** The levels that hold a sum when tensor number `index`, counted from 0, arrives. */
export function filledLevels(index: number): number[] {
  const levels = Array.from({ length: levelsFor(index + 1) }, (_, level) => level);
  return levels.filter((level) => ((index >> level) & 1) === 1);
}

/** The level to which the sums of all levels below are carried after tensor number `index`; 0 if it stays where it is. */
export function carriedTo(index: number): number {
  let level = 0;
  while (((index >> level) & 1) === 1) level++;
  return level;
}
