import { type Op, type Tensor, TensorSpec } from "../tensor.js";
import { apply, shapeError } from "../trace.js";
import { positions, stridesOf } from "./strides.js";

const permuteOp: Op<{ axes: readonly number[] }> = {
  name: "permute",
  infer: ([x], { axes }) => [
    new TensorSpec(
      axes.map((axis) => x!.shape[axis]!),
      x!.dtype,
    ),
  ],
  gradient: ({ attributes: { axes } }, [dy]) => [
    dy &&
      permute(
        dy,
        axes.map((_, axis) => axes.indexOf(axis)),
      ),
  ],
  schema: { axes: "numbers" },
  reference({ inputs: [x], outputs: [y], attributes: { axes } }) {
    if (!x || !y) return;
    const strides = stridesOf(x.shape);
    const from = positions(
      y.shape,
      axes.map((axis) => strides[axis]!),
    );
    for (let i = 0; i < y.data.length; i++) y.data[i] = x.data[from[i]!]!;
  },
};

/** x with its axes in another order: axis i of the result is axis `axes[i]` of x. */
export function permute(x: Tensor, axes: readonly number[]): Tensor {
  if (axes.length !== x.shape.length || !x.shape.every((_, axis) => axes.includes(axis))) {
    throw shapeError("permute", [x], `every axis of it once, not [${axes.join(", ")}]`);
  }
  return axes.every((axis, i) => axis === i) ? x : apply(permuteOp, [x], { axes });
}
