import { type TreeOf, leavesOf } from "../base/tree.js";
import { minimum, multiply, reciprocal } from "../graph/ops/arithmetic.js";
import { affine } from "../graph/ops/affine.js";
import { sqrt } from "../graph/ops/elementwise.js";
import { checkFinite, sumOfSquares } from "../graph/ops/update.js";
import type { Tensor } from "../graph/tensor.js";

/** The norm of gradients, and how it is limited. */
export interface Clipping {
  /** Euclidean norm of all gradients together, float32 []; the run fails if it is not finite. */
  readonly norm: Tensor;
  /** Factor that scales the norm down to the limit, at most 1, float32 []. */
  readonly scale: Tensor;
}

/** Clipping of a tree of gradients by global norm; undefined leaves count as zero. */
export function clipByGlobalNorm<G extends TreeOf<G, Tensor>>(
  gradients: G,
  limit: number,
): Clipping {
  const tensors = leavesOf<Tensor>(gradients).map(([, gradient]) => gradient);
  return clipByNorm(sqrt(sumOfSquares(tensors)), limit);
}

/** Clipping by a norm that is known, float32 []. */
export function clipByNorm(known: Tensor, limit: number): Clipping {
  if (!(limit > 0))
    throw new RangeError(`Expected a positive limit for the gradient norm, but got ${limit}.`);
  const norm = checkFinite(known);
  // As in PyTorch, 1e-6 avoids division by a norm of zero.
  const scale = minimum(multiply(reciprocal(affine(norm, 1, 1e-6)), limit), 1);
  return { norm, scale };
}
