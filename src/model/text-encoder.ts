import { ShapeError } from "../base/errors.js";
import { scope } from "../graph/trace.js";
import { add, equal, select } from "../graph/ops/arithmetic.js";
import { stopGradient } from "../graph/ops/elementwise.js";
import { gatherRows } from "../graph/ops/gather.js";
import { slice } from "../graph/ops/slice.js";
import { reshape } from "../graph/ops/reshape.js";
import type { Tensor } from "../graph/tensor.js";
import type { Block } from "../nn/block.js";
import { type LayerNorm, layerNorm, layerNormParameters } from "../nn/layer-norm.js";
import { type Linear, linearParameters } from "../nn/linear.js";
import { type Parameter, paddedTable, weight } from "../nn/parameter.js";
import { type StackOptions, stackParameters } from "../nn/stack.js";
import type { TextConfig } from "./config.js";
import { type Encoded, encode } from "./encoded.js";

/** Parameters of the text encoder of width D (flava.md 1.4). Leaves `T` are `Parameter`s, tensors or values. */
export interface TextEncoder<T> {
  /** [V, D] */
  readonly words: T;
  /** [maximum text length, D] */
  readonly positions: T;
  /** Segment embeddings, [types, D]. */
  readonly types: T;
  /** Of the sum of the three embeddings. */
  readonly embeddingNorm: LayerNorm<T>;
  /** First to last. */
  readonly blocks: readonly Block<T>[];
  /** After the last block. */
  readonly norm: LayerNorm<T>;
  /** Of Hugging Face's model; nothing here reads it: [D, D]. */
  readonly pooler: Linear<T>;
}

export function textEncoderParameters(config: TextConfig): TextEncoder<Parameter> {
  const { width, vocabulary, positions, types } = config;
  return {
    words: paddedTable([vocabulary, width]),
    positions: weight([positions, width]),
    types: weight([types, width]),
    embeddingNorm: layerNormParameters(width),
    blocks: stackParameters(config),
    norm: layerNormParameters(width),
    pooler: linearParameters(width, width),
  };
}

/** What the text encoder reads. */
export interface TextInput {
  /** Word pieces, int32 [B, L]. */
  readonly ids: Tensor;
  /** Number of real tokens of each text, int32 [B]; the rest is padding, which is masked in attention. */
  readonly lengths?: Tensor;
  /** Segment of each token, int32 [B, L]; default: all in segment 0. */
  readonly types?: Tensor;
}

/** The text encoder, pre-norm throughout (flava.md 1.4): B texts -> sequences [B, L, D]. */
export function encodeText(
  p: TextEncoder<Tensor>,
  input: TextInput,
  options: StackOptions,
): Encoded {
  return scope("text", () => {
    const [, length = 0] = input.ids.shape;
    const [longest = 0, width = 0] = p.positions.shape;
    if (length > longest) {
      throw new ShapeError(
        `A text of ${length} tokens is longer than the ${longest} positions of this model.`,
      );
    }
    const types = input.types
      ? gatherRows(p.types, input.types)
      : reshape(slice(p.types, 0, 0, 1), [width]);
    const positions = slice(p.positions, 0, 0, length);
    const embedded = add(add(embedWords(p.words, input.ids), positions), types); // [B, L, D]
    const normed = layerNorm(p.embeddingNorm, embedded, options.epsilon, "float32");
    const visible = input.lengths ? { visible: { lengths: input.lengths } } : {};
    return encode(p, normed, { ...options, ...visible });
  });
}

/** The padding id. */
const padding = 0;

/** Word-piece embeddings: int32 [B, L] -> [B, L, D]. The padding embedding is never trained, even if attended to. */
function embedWords(words: Tensor, ids: Tensor): Tensor {
  const embedded = gatherRows(words, ids);
  const isPadding = reshape(equal(ids, padding), [...ids.shape, 1]);
  return select(isPadding, stopGradient(embedded), embedded);
}
