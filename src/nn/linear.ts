import { linear as exactLinear } from "../graph/ops/matmul.js";
import { quantizeWeights, quantizedLinear } from "../graph/ops/quantize.js";
import type { Tensor } from "../graph/tensor.js";
import { type Parameter, constant, weight } from "./parameter.js";
import type { Precision } from "./precision.js";

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

/** x · weightᵀ + bias over the last axis: [..., in] -> [..., out]. */
export function linear(p: Linear<Tensor>, x: Tensor, precision: Precision): Tensor {
  if (precision === "float32" || precision === "bfloat16") return exactLinear(x, p.weight, p.bias);
  const { values, scale } = quantizeWeights(p.weight);
  const activations = precision === "int8" ? "dynamic" : "exact";
  return quantizedLinear(x, values, scale, { bias: p.bias, activations });
}
