import { type Dtype, type Op, type Shape, type Tensor, TensorSpec, sizeOf } from "./tensor.js";
import { apply } from "./trace.js";

export type PlaceholderAttributes = {
  /** An "input" is given to each run, "state" persists between runs, a "constant" is fixed at tracing. */
  source: "input" | "state" | "constant";
  path: string;
  shape: Shape;
  dtype: Dtype;
  /** Values of a constant. */
  values?: Float32Array | Int32Array;
};

const placeholderOp: Op<PlaceholderAttributes> = {
  name: "placeholder",
  infer: (_inputs, { shape, dtype }) => [new TensorSpec(shape, dtype)],
  reference() {
    // Filled from outside.
  },
};

/** A tensor whose values come from outside the traced function: a run's input, or state under `path`. */
export function placeholder(
  { shape, dtype }: TensorSpec,
  path: string,
  source: "input" | "state" = "input",
): Tensor {
  return apply(placeholderOp, [], { source, path, shape, dtype });
}

/** A tensor of fixed values, row-major, of the given shape: float32, or int32 for an `Int32Array`. */
export function constant(values: Float32Array | Int32Array, shape: Shape): Tensor {
  const dtype = values instanceof Int32Array ? "int32" : "float32";
  if (values.length !== sizeOf(shape)) {
    throw new RangeError(
      `A constant of shape [${shape.join(", ")}] takes ${sizeOf(shape)} values, not ${values.length}.`,
    );
  }
  return apply(placeholderOp, [], { source: "constant", path: "", shape, dtype, values });
}

/** The attributes of a placeholder; undefined for any other tensor. */
export function placeholderOf(tensor: Tensor): PlaceholderAttributes | undefined {
  const { op, attributes } = tensor.node;
  return (op as unknown) === placeholderOp ? (attributes as PlaceholderAttributes) : undefined;
}
