/** Slicing and its gradient, padding with zeros. */
import { type Op, type Shape, Tensor, TensorSpec, sameShape } from "../tensor.js";
import { apply, shapeError } from "../trace.js";
import { requireAxis } from "./require.js";
import { positions, stridesOf } from "./strides.js";

/** A box of shape `shape` whose first element is at index `starts` of the larger tensor. */
type Box = { starts: readonly number[]; shape: Shape };

/** The positions of the elements of a box in the larger tensor. */
function boxPositions(box: Shape, whole: Shape, starts: readonly number[]): Int32Array {
  const strides = stridesOf(whole);
  const first = starts.reduce((sum, start, axis) => sum + start * strides[axis]!, 0);
  return positions(box, strides, first);
}

const sliceOp: Op<Box> = {
  name: "slice",
  infer: ([x], { shape }) => [new TensorSpec(shape, x!.dtype)],
  gradient: ({ inputs: [x], attributes: { starts } }, [dy]) => [dy && pad(dy, starts, x!.shape)],
  schema: { starts: "numbers" },
  reference({ inputs: [x], outputs: [y], attributes: { starts } }) {
    if (!x || !y) return;
    boxPositions(y.shape, x.shape, starts).forEach((from, to) => {
      y.data[to] = x.data[from]!;
    });
  },
};

const padOp: Op<Box> = {
  name: "pad",
  infer: ([x], { shape }) => [new TensorSpec(shape, x!.dtype)],
  gradient: ({ inputs: [x], attributes: { starts } }, [dy]) => [
    dy && apply(sliceOp, [dy], { starts, shape: x!.shape }),
  ],
  schema: { starts: "numbers" },
  reference({ inputs: [x], outputs: [y], attributes: { starts } }) {
    if (!x || !y) return;
    y.data.fill(0);
    boxPositions(x.shape, y.shape, starts).forEach((to, from) => {
      y.data[to] = x.data[from]!;
    });
  },
};

/** The elements of x from `start` to before `end` along `axis`: 2 to 5 along axis 1 of [B, 8] is [B, 3]. */
export function slice(x: Tensor, axis: number, start: number, end: number): Tensor {
  const along = requireAxis("slice", x, axis);
  const size = x.shape[along]!;
  if (
    !Number.isInteger(start) ||
    !Number.isInteger(end) ||
    start < 0 ||
    start > end ||
    end > size
  ) {
    throw shapeError("slice", [x], `a range within axis ${axis}, not ${start} to ${end}`);
  }
  const shape = x.shape.with(along, end - start);
  if (sameShape(shape, x.shape)) return x;
  return apply(sliceOp, [x], { starts: x.shape.map((_, i) => (i === along ? start : 0)), shape });
}

/** Zeros of shape `shape` with x copied into them, its first element at `starts`. */
export function pad(x: Tensor, starts: readonly number[], shape: Shape): Tensor {
  const fits =
    starts.length === x.shape.length &&
    shape.length === x.shape.length &&
    starts.every((start, i) => start >= 0 && start + x.shape[i]! <= shape[i]!);
  if (!fits) {
    throw shapeError(
      "pad",
      [x],
      `room for it in [${shape.join(", ")}] from [${starts.join(", ")}] on`,
    );
  }
  return sameShape(shape, x.shape) ? x : apply(padOp, [x], { starts, shape });
}
