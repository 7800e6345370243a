/** What operations require of their inputs. */
import { shapeError } from "../trace.js";
import type { Dtype, TensorSpec } from "../tensor.js";

export function isFloat(dtype: Dtype): boolean {
  return dtype === "float32" || dtype === "bfloat16";
}

/** Fails unless every input of the operation `name` holds floating-point numbers. */
export function requireFloat(name: string, ...inputs: readonly TensorSpec[]): void {
  if (!inputs.every((x) => isFloat(x.dtype))) throw shapeError(name, inputs, "float32 or bfloat16");
}

/** The axis of x that `axis` names, counted from the front; negative axes count from the end. */
export function requireAxis(name: string, x: TensorSpec, axis: number): number {
  const rank = x.shape.length;
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    throw shapeError(name, [x], `an axis of it, not ${axis}`);
  }
  return axis < 0 ? axis + rank : axis;
}
