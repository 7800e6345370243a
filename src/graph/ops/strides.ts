/** Positions of elements in memory, for the reference kernels that move elements. */
import { type Shape } from "../tensor.js";

/** The strides of a dense, row-major tensor, in elements. */
export function stridesOf(shape: Shape): readonly number[] {
  const strides = shape.map(() => 1);
  for (let axis = shape.length - 2; axis >= 0; axis--) {
    strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  }
  return strides;
}

/** The position of every element of a tensor of shape `shape`, in order, when its axes have the given strides. */
export function positions(shape: Shape, strides: readonly number[], first = 0): Int32Array {
  let outer = Int32Array.of(first);
  shape.forEach((size, axis) => {
    const stride = strides[axis]!;
    const inner = new Int32Array(outer.length * size);
    for (let i = 0; i < inner.length; i++) {
      inner[i] = outer[Math.floor(i / size)]! + (i % size) * stride;
    }
    outer = inner;
  });
  return outer;
}

/** The element of a tensor of shape `from` that is at each element of `to` after numpy broadcasting. */
export function broadcastPositions(from: Shape, to: Shape): Int32Array {
  const added = to.length - from.length;
  const strides = stridesOf(from);
  return positions(
    to,
    to.map((_, axis) => (axis < added || from[axis - added] === 1 ? 0 : strides[axis - added]!)),
  );
}
