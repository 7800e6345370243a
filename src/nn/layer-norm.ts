import { layerNorm as normalize } from "../graph/ops/layer-norm.js";
import type { Dtype, Tensor } from "../graph/tensor.js";
import { type Parameter, constant } from "./parameter.js";

/** Parameters of a layer normalization of width D. */
export interface LayerNorm<T> {
  /** [D] */
  readonly gain: T;
  /** [D] */
  readonly bias: T;
}

/** The parameters of a layer normalization over `size` features. */
export function layerNormParameters(size: number): LayerNorm<Parameter> {
  return { gain: constant([size], 1), bias: constant([size], 0) };
}

/** Normalizes the last axis to mean 0 and variance 1, then scales and shifts: [..., D] -> [..., D] in `dtype`. */
export function layerNorm(p: LayerNorm<Tensor>, x: Tensor, epsilon: number, dtype: Dtype): Tensor {
  return normalize(x, p.gain, p.bias, { epsilon, dtype });
}
