import { type Dtype, type Op, type Shape, type Tensor, TensorSpec } from "../tensor.js";
import { apply } from "../trace.js";

const fillOp: Op<{ shape: Shape; value: number; dtype: Dtype }> = {
  name: "fill",
  recompute: true,
  infer: (_inputs, { shape, dtype }) => [new TensorSpec(shape, dtype)],
  schema: { value: "number" },
  reference({ outputs: [y], attributes: { value } }) {
    y?.data.fill(value);
  },
};

/** A tensor of this shape, [] for a scalar, whose elements are all `value`; default dtype: float32. */
export function fill(shape: Shape, value: number, dtype: Dtype = "float32"): Tensor {
  return apply(fillOp, [], { shape, value, dtype });
}
