/**
 * The precision of a model. Parameters, residual stream, normalization statistics and losses are always float32.
 * - float32: everything;
 * - bfloat16: activations between the layers, and the factors of every product;
 * - int8: as bfloat16, with 8-bit weights and activations in the products of linear layers (inference only);
 * - int8-weights: as bfloat16, with 8-bit weights (inference only).
 */
export type Precision = "float32" | "bfloat16" | "int8" | "int8-weights";
export const precisions: readonly Precision[] = ["float32", "bfloat16", "int8", "int8-weights"];

/** The dtype of activations, and of the factors of products that are not quantized. */
export function computeDtype(precision: Precision): "float32" | "bfloat16" {
  return precision === "float32" ? "float32" : "bfloat16";
}

/** @throws RangeError for a precision that there is not, as a setting may have it; it would be taken for one with 8-bit weights */
export function requirePrecision(precision: string): void {
  if (precisions.some((each) => each === precision)) return;
  throw new RangeError(
    `The precisions are ${precisions.join(", ")}, but "${precision}" was asked for.`,
  );
}
