import { gelu } from "../graph/ops/elementwise.js";
import type { Tensor } from "../graph/tensor.js";
import { type LayerNorm, layerNorm, layerNormParameters } from "../nn/layer-norm.js";
import { type Linear, exactLinear, linearParameters } from "../nn/linear.js";
import type { Parameter } from "../nn/parameter.js";
import { type Precision, computeDtype } from "../nn/precision.js";
import { pool } from "./encoded.js";

/** Predicts masked tokens: dense, GELU, normalization, and a decoder to a vocabulary of V (flava.md 1.7). */
export interface MaskedHead<T> {
  /** [D, D] */
  readonly dense: Linear<T>;
  /** Of the activations, after GELU. */
  readonly norm: LayerNorm<T>;
  /** [V, D] and [V]; not tied to any embedding. */
  readonly decoder: Linear<T>;
}

/** Predicts whether an image and a text match; has a separate pooler. */
export interface MatchHead<T> {
  /** [D, D], before tanh. */
  readonly pooler: Linear<T>;
  /** Two classes: 0 mismatch, 1 match. */
  readonly classifier: Linear<T>;
}

export function maskedHeadParameters(width: number, vocabulary: number): MaskedHead<Parameter> {
  return {
    dense: linearParameters(width, width),
    norm: layerNormParameters(width),
    decoder: linearParameters(width, vocabulary),
  };
}

export function matchHeadParameters(width: number): MatchHead<Parameter> {
  return { pooler: linearParameters(width, width), classifier: linearParameters(width, 2) };
}

/** Input to the decoder of a masked head: [..., D] -> [..., D]. */
export function maskedFeatures(
  p: MaskedHead<Tensor>,
  rows: Tensor,
  epsilon: number,
  precision: Precision,
): Tensor {
  const dense = gelu(exactLinear(p.dense, rows, precision));
  return layerNorm(p.norm, dense, epsilon, computeDtype(precision));
}

/** Logits of all vocabulary entries: [..., D] -> float32 [..., V]. */
export function maskedLogits(
  p: MaskedHead<Tensor>,
  rows: Tensor,
  epsilon: number,
  precision: Precision,
): Tensor {
  return exactLinear(p.decoder, maskedFeatures(p, rows, epsilon, precision), precision);
}

/** Logits of mismatch and match: multimodal sequence [B, L, D] -> float32 [B, 2]. */
export function matchLogits(p: MatchHead<Tensor>, sequence: Tensor, precision: Precision): Tensor {
  return exactLinear(p.classifier, pool(p.pooler, sequence, precision), precision);
}
