import { attention as attend, selfAttention } from "../graph/ops/attention.js";
import { concatenate } from "../graph/ops/concatenate.js";
import type { Tensor } from "../graph/tensor.js";
import { type Linear, linear, linearParameters } from "./linear.js";
import type { Parameter } from "./parameter.js";
import type { Precision } from "./precision.js";

export interface Attention<T> {
  readonly query: Linear<T>;
  readonly key: Linear<T>;
  readonly value: Linear<T>;
  readonly output: Linear<T>;
}

/** The visible keys: the first `lengths` (int32 [B]) of each sample, or by an additive mask (float32 [B, L]). */
export type Visibility = { readonly lengths: Tensor } | { readonly mask: Tensor };

export function attentionParameters(width: number): Attention<Parameter> {
  const square = (): Linear<Parameter> => linearParameters(width, width);
  return { query: square(), key: square(), value: square(), output: square() };
}

/**
 * Multi-head self-attention: [B, L, D] -> [B, L, D].
 *
 * @param queries the tokens to compute results for, [B, A, D] -> [B, A, D]; default: all
 */
export function attention(
  p: Attention<Tensor>,
  x: Tensor,
  heads: number,
  precision: Precision,
  visible?: Visibility,
  queries: Tensor = x,
): Tensor {
  if (queries === x) {
    const qkv = linear(join([p.query, p.key, p.value]), x, precision); // [B, L, 3 * D]
    return linear(p.output, selfAttention(qkv, { heads, ...visible }), precision);
  }
  const query = linear(p.query, queries, precision); // [B, A, D]
  const key = linear(p.key, x, precision); // [B, L, D]
  const value = linear(p.value, x, precision);
  return linear(p.output, attend(query, key, value, { heads, ...visible }), precision);
}

/** Joins several layers with the same input into one. */
function join(layers: readonly Linear<Tensor>[]): Linear<Tensor> {
  return {
    weight: concatenate(
      layers.map(({ weight }) => weight),
      0,
    ),
    bias: concatenate(
      layers.map(({ bias }) => bias),
      0,
    ),
  };
}
