import { remat, scope } from "../graph/trace.js";
import type { Tensor } from "../graph/tensor.js";
import { type Block, type BlockOptions, block, blockParameters } from "./block.js";
import type { Parameter } from "./parameter.js";

/** The sizes of a stack of blocks. */
export interface StackSizes {
  /** Number of blocks. */
  readonly layers: number;
  /** Width of the residual stream, D. */
  readonly width: number;
  /** Inner width of the MLPs. */
  readonly hidden: number;
}

/** How blocks compute, and what the backward pass keeps. */
export interface StackOptions extends BlockOptions {
  /** Recomputes the intermediate values of each block in the backward pass instead of keeping them. */
  readonly recompute?: boolean;
}

/** Parameters of a stack of blocks, first to last, declared for `State` and `initialize`. */
export function stackParameters({
  layers,
  width,
  hidden,
}: StackSizes): readonly Block<Parameter>[] {
  return Array.from({ length: layers }, () => blockParameters(width, hidden));
}

/**
 * Blocks one after another: float32 [B, L, D] -> the input and every block's output, each [B, L, D]. The last is the
 * stack's result; with `keepTokens` or `keepRows`, the last block computes only those.
 */
export function stack(
  blocks: readonly Block<Tensor>[],
  x: Tensor,
  { keepTokens, keepRows, recompute, ...options }: StackOptions,
): Tensor[] {
  const states = [x];
  for (const [index, parameters] of blocks.entries()) {
    const last = states[states.length - 1]!;
    const isLast = index === blocks.length - 1;
    const kept = { ...(keepTokens !== undefined && { keepTokens }), keepRows };
    const own = isLast ? { ...options, ...kept } : options;
    const next = (): Tensor => scope(`block${index}`, () => block(parameters, last, own));
    states.push(recompute ? remat(next) : next());
  }
  return states;
}
