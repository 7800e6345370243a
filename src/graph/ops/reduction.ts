/** Constructors of operations that reduce axes. */
import { type Dtype, type Op, type Shape, type Tensor, TensorSpec, sizeOf } from "../tensor.js";
import { apply } from "../trace.js";
import { cast } from "./cast.js";
import { requireAxis, requireFloat } from "./require.js";
import { reshape } from "./reshape.js";

/** The adjacent axes to reduce, [first, end), and the dtype of the result. */
export type Reduction = { first: number; end: number; dtype: Dtype };

/** The shape seen as [outer, reduced, inner]. */
function threeAxes(
  shape: Shape,
  { first, end }: Reduction,
): [outer: number, reduced: number, inner: number] {
  return [sizeOf(shape.slice(0, first)), sizeOf(shape.slice(first, end)), sizeOf(shape.slice(end))];
}

/** y with the reduced axes of x as axes of size 1, so that it broadcasts against x. */
export function kept(y: Tensor, x: Tensor, { first, end }: Reduction): Tensor {
  return reshape(
    y,
    x.shape.map((size, axis) => (axis >= first && axis < end ? 1 : size)),
  );
}

/** The common parts of operations that reduce adjacent axes. */
export function reduction(
  name: string,
  initial: number,
  combine: (a: number, b: number) => number,
): Pick<Op<Reduction>, "name" | "infer" | "schema" | "reference"> {
  return {
    name,
    infer([x], { first, end, dtype }) {
      requireFloat(name, x!);
      const { shape } = x!;
      return [new TensorSpec([...shape.slice(0, first), ...shape.slice(end)], dtype)];
    },
    schema: { first: "number", end: "number" },
    reference({ inputs: [x], outputs: [y], attributes }) {
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

/**
 * Reduces `axes` (default: all), with one operation per group of adjacent axes. Axes of size 1 are skipped.
 */
export function reduce(
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
