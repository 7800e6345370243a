import { add } from "../graph/ops/arithmetic.js";
import { gatherRows } from "../graph/ops/gather.js";
import { reshape } from "../graph/ops/reshape.js";
import { slice } from "../graph/ops/slice.js";
import { scope } from "../graph/trace.js";
import type { Tensor } from "../graph/tensor.js";
import {
  type Attention,
  type Visibility,
  attentionParameters,
  attentionProbabilities,
  mixTokens,
} from "./attention.js";
import { type LayerNorm, layerNorm, layerNormParameters } from "./layer-norm.js";
import { linear } from "./linear.js";
import { type Mlp, mlp, mlpParameters } from "./mlp.js";
import type { Parameter } from "./parameter.js";
import { type Precision, computeDtype } from "./precision.js";

/** Parameters of a pre-norm transformer block. */
export interface Block<T> {
  /** Before attention. */
  readonly norm1: LayerNorm<T>;
  /** Mixes tokens. */
  readonly attention: Attention<T>;
  /** Before the MLP. */
  readonly norm2: LayerNorm<T>;
  /** Changes each token on its own. */
  readonly mlp: Mlp<T>;
}

/** Options shared by all blocks of a stack. */
export interface BlockOptions {
  /** Number of attention heads, H. */
  readonly heads: number;
  /** Added to variances in normalizations. */
  readonly epsilon: number;
  /** Precision of matrix products. */
  readonly precision: Precision;
  /** The keys that tokens may attend to; default: all. */
  readonly visible?: Visibility;
  /** How many tokens of each sample's result to compute, the first ones; default: all. */
  readonly keepTokens?: number;
  /** Instead, the rows of the result to compute, of [B * L]: int32 [N], -1 for a row that nobody reads. */
  readonly keepRows?: Tensor | undefined;
}

/** Parameters of a block with an MLP of inner width `hidden`, declared for `State` and `initialize`. */
export function blockParameters(width: number, hidden: number): Block<Parameter> {
  return {
    norm1: layerNormParameters(width),
    attention: attentionParameters(width),
    norm2: layerNormParameters(width),
    mlp: mlpParameters(width, hidden),
  };
}

/**
 * The probabilities by which the tokens that enter a block attend to each other: float32 [B, L, D] -> [B, H, L, L].
 */
export function blockAttention(p: Block<Tensor>, x: Tensor, options: BlockOptions): Tensor {
  const { heads, epsilon, precision, visible } = options;
  const normed = layerNorm(p.norm1, x, epsilon, computeDtype(precision));
  return attentionProbabilities(p.attention, normed, heads, precision, visible);
}

/**
 * Pre-norm block: attend, then transform, each added to the residual stream (flava.md 1.2). float32 [B, L, D] -> [B, L, D];
 * with `keepRows`, [N, D].
 */
export function block(p: Block<Tensor>, x: Tensor, options: BlockOptions): Tensor {
  const { heads, epsilon, precision, visible, keepTokens, keepRows } = options;
  const dtype = computeDtype(precision);
  const first = (tokens: Tensor): Tensor =>
    keepTokens === undefined ? tokens : slice(tokens, 1, 0, keepTokens); // [B, A, D]
  const kept = (tokens: Tensor): Tensor =>
    keepRows
      ? gatherRows(reshape(tokens, [-1, tokens.shape.at(-1) ?? 0]), keepRows)
      : first(tokens);
  const attended = scope("attention", () => {
    const normed = layerNorm(p.norm1, x, epsilon, dtype); // [B, L, D]
    const queries = keepRows ? normed : first(normed);
    const mixed = mixTokens(p.attention, normed, heads, precision, visible, queries);
    return linear(p.attention.output, keepRows ? kept(mixed) : mixed, precision);
  });
  const between = add(kept(x), attended);
  const transformed = scope("mlp", () =>
    mlp(p.mlp, layerNorm(p.norm2, between, epsilon, dtype), precision),
  );
  return add(between, transformed);
}
