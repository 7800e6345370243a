import { tanh } from "../graph/ops/elementwise.js";
import { reshape } from "../graph/ops/reshape.js";
import { slice } from "../graph/ops/slice.js";
import type { Tensor } from "../graph/tensor.js";
import { type Block, blockAttention } from "../nn/block.js";
import { type LayerNorm, layerNorm } from "../nn/layer-norm.js";
import { type Linear, exactLinear } from "../nn/linear.js";
import type { Precision } from "../nn/precision.js";
import { type StackOptions, stack } from "../nn/stack.js";

/** Output of an encoder. The multimodal encoder reads `states.at(-1)`; losses and heads read `sequence`. */
export interface Encoded {
  /** The embedding and each block's output, before the final normalization: float32 [B, L, D] each. */
  readonly states: readonly Tensor[];
  /** The last state, normalized: float32 [B, L, D]. */
  readonly sequence: Tensor;
  /**
   * How the tokens attend to each other in block `layer`, counted from 1, default the last: float32 [B, H, L, L], of
   * which row i sums to 1 and belongs to the token i that attends.
   * @throws RangeError if there is no such block
   */
  readonly attention: (layer?: number) => Tensor;
}

interface Trunk {
  readonly blocks: readonly Block<Tensor>[];
  readonly norm: LayerNorm<Tensor>;
}

/** Applies the blocks and the final normalization to embedded tokens [B, L, D]. */
export function encode({ blocks, norm }: Trunk, embedded: Tensor, options: StackOptions): Encoded {
  const states = stack(blocks, embedded, options);
  const last = lastState({ states });
  return {
    states,
    sequence: layerNorm(norm, last, options.epsilon, "float32"),
    attention: (layer = blocks.length) => {
      const [block, before] = [blocks[layer - 1], states[layer - 1]];
      if (block && before) return blockAttention(block, before, options);
      throw new RangeError(`This encoder has blocks 1 to ${blocks.length}, but no block ${layer}.`);
    },
  };
}

/** The last state before the final normalization: float32 [B, L, D]. */
export function lastState({ states }: Pick<Encoded, "states">): Tensor {
  const last = states.at(-1);
  if (!last) throw new Error("An encoder has no state.");
  return last;
}

/** Token `index` of every sequence: [B, L, D] -> [B, D]. */
export function tokenAt(sequence: Tensor, index: number): Tensor {
  const [batch = 0, , width = 0] = sequence.shape;
  return reshape(slice(sequence, 1, index, index + 1), [batch, width]);
}

/** The pooler: tanh of a linear layer on the first token, [B, L, D] -> [B, D]. */
export function pool(p: Linear<Tensor>, sequence: Tensor, precision: Precision): Tensor {
  return tanh(exactLinear(p, tokenAt(sequence, 0), precision));
}
