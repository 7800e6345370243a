import { attention as attend, selfAttention } from "../graph/ops/attention.js";
import { broadcast } from "../graph/ops/broadcast.js";
import { cast } from "../graph/ops/cast.js";
import { concatenate } from "../graph/ops/concatenate.js";
import { permute } from "../graph/ops/permute.js";
import { reshape } from "../graph/ops/reshape.js";
import { slice } from "../graph/ops/slice.js";
import { constant } from "../graph/placeholder.js";
import type { Tensor } from "../graph/tensor.js";
import { type Linear, linear, linearParameters } from "./linear.js";
import type { Parameter } from "./parameter.js";
import type { Precision } from "./precision.js";

/** Parameters of self-attention of width D: four linear layers [D, D]. */
export interface Attention<T> {
  /** What a token asks for. */
  readonly query: Linear<T>;
  /** What a token answers to. */
  readonly key: Linear<T>;
  /** What a token gives to those that attend to it. */
  readonly value: Linear<T>;
  /** Mixes the heads. */
  readonly output: Linear<T>;
}

/** The visible keys: the first `lengths` (int32 [B]) of each sample, or by an additive mask (float32 [B, L]). */
export type Visibility =
  | {
      /** The first keys of each sample are visible, this many: int32 [B]. */
      readonly lengths: Tensor;
    }
  | {
      /** Added to the scores, 0 or -infinity: float32 [B, L]. */
      readonly mask: Tensor;
    };

/** Parameters of self-attention, declared for `State` and `initialize`. */
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
  return linear(p.output, mixTokens(p, x, heads, precision, visible, queries), precision);
}

/** The same before the output layer: the mean of the visible values that each query attends to, for every head. */
export function mixTokens(
  p: Attention<Tensor>,
  x: Tensor,
  heads: number,
  precision: Precision,
  visible?: Visibility,
  queries: Tensor = x,
): Tensor {
  if (queries === x) {
    const qkv = linear(join([p.query, p.key, p.value]), x, precision); // [B, L, 3 * D]
    return selfAttention(qkv, { heads, ...visible });
  }
  const query = linear(p.query, queries, precision); // [B, A, D]
  const key = linear(p.key, x, precision); // [B, L, D]
  const value = linear(p.value, x, precision);
  return attend(query, key, value, { heads, ...visible });
}

/**
 * The probabilities by which each token attends to all tokens, for every head: float32 [B, H, L, L]. Row i of a head sums
 * to 1 and belongs to the token i that attends.
 */
export function attentionProbabilities(
  p: Attention<Tensor>,
  x: Tensor,
  heads: number,
  precision: Precision,
  visible?: Visibility,
): Tensor {
  const [batch = 0, length = 0, width = 0] = x.shape;
  const depth = width / heads;
  const query = linear(p.query, x, precision);
  const key = linear(p.key, x, precision);
  // The operation never stores its scores. Over one-hot values, however, its result is the probabilities themselves,
  // for as many keys at a time as a head has features.
  const parts = Array.from({ length: Math.ceil(length / depth) }, (_, part) => {
    const rows = cast(
      constant(oneHotRows(length, width, depth, part * depth), [length, width]),
      x.dtype,
    );
    const values = broadcast(rows, x.shape);
    const found = attend(query, key, values, { heads, ...visible });
    return reshape(cast(found, "float32"), [batch, length, heads, depth]);
  });
  return permute(slice(concatenate(parts, 3), 3, 0, length), [0, 2, 1, 3]);
}

/** For each head, the columns of the identity from `first` on: [L, D]. */
function oneHotRows(length: number, width: number, depth: number, first: number): Float32Array {
  const rows = new Float32Array(length * width);
  for (let row = first; row < Math.min(first + depth, length); row++) {
    for (let column = row - first; column < width; column += depth) rows[row * width + column] = 1;
  }
  return rows;
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
