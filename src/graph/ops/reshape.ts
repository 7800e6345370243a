import { type Op, type Shape, Tensor, TensorSpec, sameShape, sizeOf } from "../tensor.js";
import { apply, shapeError } from "../trace.js";

const reshapeOp: Op<{ shape: Shape }> = {
  name: "reshape",
  view: true,
  recompute: true, // keeping it would keep its input
  infer: ([x], { shape }) => [new TensorSpec(shape, x!.dtype)],
  gradient: ({ inputs: [x] }, [dy]) => [dy && reshape(dy, x!.shape)],
  reference() {
    // A view: nothing to compute.
  },
};

/** x with another shape of the same size, such as [B, 12] as [B, 3, 4]. One dimension may be -1, which is inferred. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const known = sizeOf(shape.filter((size) => size !== -1));
  const complete = shape.map((size) => (size === -1 ? x.size / Math.max(known, 1) : size));
  const open = shape.filter((size) => size === -1).length;
  if (open > 1 || !complete.every(Number.isSafeInteger) || sizeOf(complete) !== x.size) {
    throw shapeError("reshape", [x], `as many elements as the new shape [${shape.join(", ")}] has`);
  }
  return sameShape(complete, x.shape) ? x : apply(reshapeOp, [x], { shape: complete });
}
