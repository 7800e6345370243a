/** Features of images and texts for downstream models: an encoder's tokens after any block, optionally pooled. */
import { affine } from "../graph/ops/affine.js";
import { divide, less, maximum, multiply } from "../graph/ops/arithmetic.js";
import { sum } from "../graph/ops/broadcast.js";
import { cast } from "../graph/ops/cast.js";
import { mean } from "../graph/ops/reduce.js";
import { reshape } from "../graph/ops/reshape.js";
import { slice } from "../graph/ops/slice.js";
import { constant } from "../graph/placeholder.js";
import type { Tensor } from "../graph/tensor.js";
import { type Encoded, tokenAt } from "./encoded.js";
import type { ImageInput } from "./image-encoder.js";
import type { TextInput } from "./text-encoder.js";
import {
  type EncoderOptions,
  type TracedModel,
  encodeImages,
  encodeTexts,
} from "./traced-model.js";

/** Which features to extract from an encoder of N blocks and width D. */
export interface FeatureOptions {
  /**
   * Layer to read before the final normalization: 0 for the first block's input embeddings, k for the output of block k
   * (1 to N). Default: the output of block N after the final normalization.
   */
  readonly layer?: number;
  /**
   * - "class" (default): the class token, [D].
   * - "mean": the mean of all other tokens, [D]: the patches of an image, or the word pieces and [SEP] of a text.
   * - "none": all tokens, [L, D]: the class token, then the patches row by row (L = 1 + P) or the text's other tokens.
   */
  readonly pool?: "class" | "mean" | "none";
}

/** Features of one vector per input: from some layer, of the class token or as the mean of the others. */
export interface PooledFeatures extends FeatureOptions {
  readonly pool?: "class" | "mean";
}

/**
 * Features of images: float32 [B, D], or [B, 1 + P, D] without pooling.
 * @throws RangeError if there is no such layer
 */
export function imageFeatures(
  model: TracedModel,
  input: ImageInput,
  options: FeatureOptions = {},
): Tensor {
  return pooled(encodeImages(model, input, tokensFor(options)), options);
}

/**
 * Features of texts: float32 [B, D], or [B, L, D] without pooling; ignore the rows of padding.
 * @throws RangeError if there is no such layer
 */
export function textFeatures(
  model: TracedModel,
  input: TextInput,
  options: FeatureOptions = {},
): Tensor {
  return pooled(encodeTexts(model, input, tokensFor(options)), options, input.lengths);
}

/** Restricts the last block to the tokens that are used. */
const tokensFor = ({ pool = "class" }: FeatureOptions): EncoderOptions =>
  pool === "class" ? { keepTokens: 1 } : {};

function pooled(
  { states, sequence }: Encoded,
  { layer, pool = "class" }: FeatureOptions,
  lengths?: Tensor,
): Tensor {
  const tokens = layer === undefined ? sequence : states[layer];
  if (!tokens) {
    throw new RangeError(
      `This encoder has layers 0 (the embeddings) to ${states.length - 1} (the last block), but no layer ${layer}.`,
    );
  }
  if (pool === "none") return tokens;
  return pool === "class" ? tokenAt(tokens, 0) : meanAfterClassToken(tokens, lengths);
}

/** The mean of all tokens except the first and padding: [B, L, D] -> [B, D]. */
function meanAfterClassToken(tokens: Tensor, lengths: Tensor | undefined): Tensor {
  const [batch = 0, length = 0] = tokens.shape;
  const others = slice(tokens, 1, 1, length); // [B, L - 1, D]
  if (!lengths) return mean(others, [1]);
  const counts = affine(cast(reshape(lengths, [batch, 1]), "float32"), 1, -1); // [B, 1]
  const indices = constant(
    Float32Array.from({ length: length - 1 }, (_, i) => i),
    [length - 1],
  );
  const isToken = reshape(less(indices, counts), [batch, length - 1, 1]);
  return divide(sum(multiply(others, isToken), [1]), maximum(counts, 1));
}
