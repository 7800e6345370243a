/** Checks of the inputs of operations. */
import { shapeError } from "../trace.js";
import type { Dtype, TensorSpec } from "../tensor.js";

export function isFloat(dtype: Dtype): boolean {
  return dtype === "float32" || dtype === "bfloat16";
}

/** Throws unless all inputs of the operation `name` are floating-point tensors. */
export function requireFloat(name: string, ...inputs: readonly TensorSpec[]): void {
  if (!inputs.every((x) => isFloat(x.dtype))) throw shapeError(name, inputs, "float32 or bfloat16");
}

/** `axis` as an index >= 0; negative axes count from the end. */
export function requireAxis(name: string, x: TensorSpec, axis: number): number {
  const rank = x.shape.length;
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    throw shapeError(name, [x], `an axis of it, not ${axis}`);
  }
  return axis < 0 ? axis + rank : axis;
}
