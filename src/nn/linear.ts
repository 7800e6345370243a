import { product } from "../graph/ops/matmul.js";
import { quantizeWeights, quantizedLinear } from "../graph/ops/quantize.js";
import type { Dtype, Tensor } from "../graph/tensor.js";
import { type Parameter, constant, weight } from "./parameter.js";
import { type Precision, computeDtype } from "./precision.js";

/** Parameters of a linear layer. */
export interface Linear<T> {
  /** [out, in] */
  readonly weight: T;
  /** [out] */
  readonly bias: T;
}

/** The parameters of a linear layer from `inputs` to `outputs` features. */
export function linearParameters(inputs: number, outputs: number): Linear<Parameter> {
  return { weight: weight([outputs, inputs]), bias: constant([outputs], 0) };
}

/** x · weightᵀ + bias over the last axis: [..., in] -> [..., out], in the dtype of x. */
export function linear(p: Linear<Tensor>, x: Tensor, precision: Precision): Tensor {
  if (precision === "float32" || precision === "bfloat16")
    return exactLinear(p, x, precision, x.dtype);
  const { values, scale } = quantizeWeights(p.weight);
  const activations = precision === "int8" ? "dynamic" : "exact";
  return quantizedLinear(x, values, scale, { bias: p.bias, activations });
}

/**
 * x · weightᵀ + bias, never with 8-bit weights: for layers that need full precision, such as patch embeddings, projections
 * and heads. float32 or bfloat16 [..., in] -> [..., out], with dtype `dtype` (default: float32).
 */
export function exactLinear(
  { weight, bias }: Linear<Tensor>,
  x: Tensor,
  precision: Precision,
  dtype: Dtype = "float32",
): Tensor {
  return product(x, weight, { transposeB: true, bias, compute: computeDtype(precision), dtype });
}
