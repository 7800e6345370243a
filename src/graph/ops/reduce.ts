/** Sums, means and maxima over axes. */
import { type Op, type ReferenceCall, apply, shapeError } from "../op.js";
import { type Dtype, type Shape, Tensor, TensorSpec, sizeOf } from "../tensor.js";
import { divide, equal, multiply } from "./arithmetic.js";
import { broadcast } from "./broadcast.js";
import { affine, cast } from "./elementwise.js";
import { requireAxis, requireFloat } from "./require.js";
import { reshape } from "./reshape.js";

/** The neighboring axes from `first` to before `end` are reduced. */
type Reduction = { first: number; end: number; dtype: Dtype };

/** The shape seen as [outer, reduced, inner]. */
function threeAxes(
  shape: Shape,
  { first, end }: Reduction,
): [outer: number, reduced: number, inner: number] {
  return [sizeOf(shape.slice(0, first)), sizeOf(shape.slice(first, end)), sizeOf(shape.slice(end))];
}

/** y under the shape of x with its reduced axes as axes of size 1, so that it broadcasts against x. */
function kept(y: Tensor, x: Tensor, { first, end }: Reduction): Tensor {
  return reshape(
    y,
    x.shape.map((size, axis) => (axis >= first && axis < end ? 1 : size)),
  );
}

/** The parts in which the operations that reduce neighboring axes agree. */
function reduction(name: string, initial: number, combine: (a: number, b: number) => number) {
  return {
    name,
    infer([x]: readonly Tensor[], { first, end, dtype }: Reduction): readonly TensorSpec[] {
      requireFloat(name, x!);
      const { shape } = x!;
      return [new TensorSpec([...shape.slice(0, first), ...shape.slice(end)], dtype)];
    },
    encode: (attributes: Reduction, [x]: readonly TensorSpec[]): readonly number[] =>
      threeAxes(x!.shape, attributes),
    reference({ inputs: [x], outputs: [y], attributes }: ReferenceCall<Reduction>): void {
      if (!x || !y) return;
      const [, reduced, inner] = threeAxes(x.shape, attributes);
      for (let i = 0; i < y.data.length; i++) {
        const start = Math.floor(i / inner) * reduced * inner + (i % inner);
        let result = initial;
        for (let j = 0; j < reduced; j++) result = combine(result, x.data[start + j * inner]!);
        y.data[i] = result;
      }
    },
  };
}

const sumOp: Op<Reduction> = {
  ...reduction("sum", 0, (a, b) => a + b),
  gradient: ({ inputs: [x], attributes }, [dy]) => [
    dy && broadcast(kept(dy, x!, attributes), x!.shape),
  ],
};

const maximumOfOp: Op<Reduction> = {
  ...reduction("maximumOf", -Infinity, Math.max),
  gradient({ inputs, outputs, attributes }, [dy]) {
    if (!dy) return [];
    const [x, y] = [inputs[0]!, outputs[0]!];
    const chosen = equal(x, kept(y, x, attributes));
    const count = apply(sumOp, [chosen], { ...attributes, dtype: "float32" });
    return [multiply(chosen, kept(divide(dy, count), x, attributes))];
  },
};

/**
 * Reduces `axes` (all, when undefined), one operation per group of neighbors. Axes of size 1 neither part neighbors
 * nor need work.
 */
function reduce(
  op: Op<Reduction>,
  x: Tensor,
  axes: readonly number[] | undefined,
  dtype: Dtype,
  keep: boolean,
): Tensor {
  const named = new Set(
    (axes ?? x.shape.map((_, axis) => axis)).map((a) => requireAxis(op.name, x, a)),
  );
  const wide = x.shape.flatMap((size, axis) =>
    size === 1 ? [] : [{ size, named: named.has(axis) }],
  );
  let result = reshape(
    x,
    wide.map(({ size }) => size),
  );
  for (let end = wide.length; end > 0; end--) {
    if (!wide[end - 1]?.named) continue;
    let first = end - 1;
    while (wide[first - 1]?.named) first--;
    const last = !wide.slice(0, first).some((axis) => axis.named);
    result = apply(op, [result], { first, end, dtype: last ? dtype : "float32" });
    end = first + 1;
  }
  const shape = x.shape.flatMap((size, axis) => (!named.has(axis) ? [size] : keep ? [1] : []));
  return reshape(cast(result, dtype), shape);
}

/**
 * The sum over `axes` (default: all), accumulated in float32 and stored as `dtype` (default: that of x). The axes
 * vanish, or stay with size 1 where `keep` is set.
 */
export function sum(
  x: Tensor,
  axes?: readonly number[],
  dtype: Dtype = x.dtype,
  keep = false,
): Tensor {
  return reduce(sumOp, x, axes, dtype, keep);
}

/** The mean over `axes` (default: all), in the dtype of x. */
export function mean(x: Tensor, axes?: readonly number[], keep = false): Tensor {
  const total = sum(x, axes, "float32", keep);
  return cast(affine(total, total.size / x.size, 0), x.dtype);
}

/** The greatest element over `axes` (default: all); equal ones share the gradient. */
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

/** The place of the greatest element along the last axis, the first of equals: int32. */
export function argmax(x: Tensor): Tensor {
  return apply(argmaxOp, [x], {});
}
