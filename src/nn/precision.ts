/**
 * How a model computes. Parameters, residual stream, normalization statistics and losses are float32 in any case.
 * - float32: everything;
 * - bfloat16: activations between the layers, and the factors of every product;
 * - int8: as bfloat16, but the products of linear layers take weights and activations of 8 bits (inference only);
 * - int8-weights: as bfloat16, with weights of 8 bits (inference only).
 */
export type Precision = "float32" | "bfloat16" | "int8" | "int8-weights";

/** How activations are stored, and the factors of products that are not of 8 bits, under `precision`. */
export function computeDtype(precision: Precision): "float32" | "bfloat16" {
  return precision === "float32" ? "float32" : "bfloat16";
}
