/** Means and maxima over axes; for sums see `broadcast.ts`. */
import { type Op, type Tensor, TensorSpec } from "../tensor.js";
import { apply, shapeError } from "../trace.js";
import { affine } from "./affine.js";
import { divide, equal, multiply } from "./arithmetic.js";
import { sum } from "./broadcast.js";
import { cast } from "./cast.js";
import { type Reduction, kept, reduce, reduction } from "./reduction.js";
import { requireFloat } from "./require.js";

const maximumOfOp: Op<Reduction> = {
  ...reduction("maximumOf", -Infinity, Math.max),
  gradient({ inputs, outputs, attributes }, [dy]) {
    if (!dy) return [];
    const [x, y] = [inputs[0]!, outputs[0]!];
    const chosen = equal(x, kept(y, x, attributes));
    const axes = x.shape.flatMap((_, axis) =>
      axis >= attributes.first && axis < attributes.end ? [axis] : [],
    );
    const count = sum(chosen, axes);
    return [multiply(chosen, kept(divide(dy, count), x, attributes))];
  },
};

/**
 * The mean over `axes` (default: all), in the dtype of x. The axes are removed, or kept with size 1 if `keep` is set.
 */
export function mean(x: Tensor, axes?: readonly number[], keep = false): Tensor {
  const total = sum(x, axes, "float32", keep);
  return cast(affine(total, total.size / x.size, 0), x.dtype);
}

/**
 * The maximum over `axes` (default: all). The axes are removed, or kept with size 1 if `keep` is set. Equal elements share
 * the gradient.
 */
export function maximumOf(x: Tensor, axes?: readonly number[], keep = false): Tensor {
  return reduce(maximumOfOp, x, axes, x.dtype, keep);
}

const argmaxOp: Op = {
  name: "argmax",
  infer([x]) {
    requireFloat("argmax", x!);
    const { shape } = x!;
    if (!shape.at(-1)) throw shapeError("argmax", [x!], "a last axis that is not empty");
    return [new TensorSpec(shape.slice(0, -1), "int32")];
  },
  reference({ inputs: [x], outputs: [y] }) {
    if (!x || !y) return;
    const width = x.shape.at(-1)!;
    for (let row = 0; row < y.data.length; row++) {
      const start = row * width;
      let best = 0;
      for (let i = 1; i < width; i++) {
        if (x.data[start + i]! > x.data[start + best]!) best = i;
      }
      y.data[row] = best;
    }
  },
};

/** The index of the maximum along the last axis, the first if there are several: [..., N] -> int32 [...]. */
export function argmax(x: Tensor): Tensor {
  return apply(argmaxOp, [x], {});
}
