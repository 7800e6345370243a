import { gelu } from "../graph/ops/elementwise.js";
import type { Tensor } from "../graph/tensor.js";
import { type Linear, linear, linearParameters } from "./linear.js";
import type { Parameter } from "./parameter.js";
import type { Precision } from "./precision.js";

/** Parameters of two linear layers with GELU between them. */
export interface Mlp<T> {
  /** Width to hidden. */
  readonly expand: Linear<T>;
  /** Hidden to width. */
  readonly contract: Linear<T>;
}

/** Parameters of an MLP of inner width `hidden`, declared for `State` and `initialize`. */
export function mlpParameters(width: number, hidden: number): Mlp<Parameter> {
  return { expand: linearParameters(width, hidden), contract: linearParameters(hidden, width) };
}

/** Two linear layers with an exact GELU between them: [B, L, D] -> [B, L, D]. */
export function mlp(p: Mlp<Tensor>, x: Tensor, precision: Precision): Tensor {
  return linear(p.contract, gelu(linear(p.expand, x, precision)), precision);
}
