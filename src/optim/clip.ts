import { leavesOf } from "../base/tree.js";
import { minimum, multiply, reciprocal } from "../graph/ops/arithmetic.js";
import { affine } from "../graph/ops/affine.js";
import { sqrt } from "../graph/ops/elementwise.js";
import { checkFinite, sumOfSquares } from "../graph/ops/update.js";
import type { Tensor } from "../graph/tensor.js";

export interface Clipping {
  /** Euclidean norm of all gradients together, float32 []; the run fails if it is not finite. */
  readonly norm: Tensor;
  /** What to multiply the gradients by so that their norm is at most the limit, float32 []. */
  readonly scale: Tensor;
}

/** Measures a tree of gradients (undefined leaves are zero) for clipping by global norm. */
export function clipByGlobalNorm(gradients: unknown, limit: number): Clipping {
  if (!(limit > 0))
    throw new RangeError(`The limit of the gradient norm must be positive, not ${limit}.`);
  const tensors = leavesOf<Tensor>(gradients).map(([, gradient]) => gradient);
  const norm = checkFinite(sqrt(sumOfSquares(tensors)));
  // As in PyTorch, a millionth keeps a zero norm from dividing by zero.
  const scale = minimum(multiply(reciprocal(affine(norm, 1, 1e-6)), limit), 1);
  return { norm, scale };
}
