import { type Op, apply } from "./op.js";
import { type Dtype, type Shape, type Tensor, TensorSpec } from "./tensor.js";

export type PlaceholderAttributes = {
  /** "input" is given at each run; "state" lives on between runs. */
  source: "input" | "state";
  path: string;
  shape: Shape;
  dtype: Dtype;
};

const placeholderOp: Op<PlaceholderAttributes> = {
  name: "placeholder",
  infer: (_inputs, { shape, dtype }) => [new TensorSpec(shape, dtype)],
  reference() {
    // Its memory is filled from outside.
  },
};

/** A tensor whose values come from outside the traced function: a run's input, or state under `path`. */
export function placeholder(
  { shape, dtype }: TensorSpec,
  path: string,
  source: PlaceholderAttributes["source"] = "input",
): Tensor {
  return apply(placeholderOp, [], { source, path, shape, dtype });
}

/** What a placeholder stands for; undefined for every other tensor. */
export function placeholderOf(tensor: Tensor): PlaceholderAttributes | undefined {
  const { op, attributes } = tensor.node;
  return (op as unknown) === placeholderOp ? (attributes as PlaceholderAttributes) : undefined;
}
