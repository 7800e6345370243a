import { clamp, exp } from "../graph/ops/elementwise.js";
import type { Tensor } from "../graph/tensor.js";

/** Bounds of the logit scale, a logarithm: [0, ln 100]. */
export const logitScaleBounds = [0, 4.6052] as const;

/** What similarities are multiplied by: exp of the bounded logit scale, float32 []. */
export function logitMultiplier(logitScale: Tensor): Tensor {
  return exp(clamp(logitScale, ...logitScaleBounds));
}
