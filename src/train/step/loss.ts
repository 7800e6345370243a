/** What an optimizer step minimizes: a function to trace, and how to compute it in micro-batches. */
import type { Values } from "../../backend/values.js";
import type { Mapped } from "../../base/tree.js";
import type { Tensor, TensorSpec } from "../../graph/tensor.js";

/** The value to minimize and other scalars to report, by name: float32 [] each. */
export interface TracedLoss {
  readonly total: Tensor;
  readonly scalars: Readonly<Record<string, Tensor>>;
}

/** A tree of input specifications, as tensors while a function is traced. */
export type Traced<I> = Mapped<I, TensorSpec, Tensor>;
/** A tree of input specifications, as the values of one run. */
export type InputValues<I> = Mapped<I, TensorSpec, Values>;

/** A loss of parameters `P` and inputs of the shapes `I`; `M` are the inputs of a micro-batch. */
export interface Loss<P, I, M = unknown> {
  /** Shapes of the inputs. */
  readonly inputs: I;
  /** @param step counted from 1, float32 [] */
  readonly trace: (parameters: P, inputs: Traced<I>, step: Tensor) => TracedLoss;
  /**
   * The same loss, computed in `count` micro-batches.
   * @throws RangeError if the batch cannot be split that way
   */
  readonly split?: (count: number) => MicroBatches<P, I, M>;
}

/** A loss as a sum over micro-batches. */
export interface MicroBatches<P, I, M> {
  /** Shapes of the inputs of one micro-batch. */
  readonly inputs: M;
  /** Splits the inputs of the whole batch. */
  readonly cut: (values: InputValues<I>) => readonly InputValues<M>[];
  /** The part of one micro-batch: the parts of all micro-batches add up to the loss of the whole batch. */
  readonly trace: (parameters: P, inputs: Traced<M>, step: Tensor) => TracedPart;
  /** The part of the loss that compares samples across micro-batches. */
  readonly cached?: CachedLoss<P, I, M>;
}

/** Tensors whose first axis is the samples, by name. */
export type Embeddings<T> = Readonly<Record<string, T>>;

export interface TracedPart extends TracedLoss {
  /** Inputs of the cached loss, if there is one. */
  readonly embeddings?: Embeddings<Tensor>;
}

/**
 * A loss on the embeddings of all micro-batches, by gradient caching (Gao et al., arXiv 2101.06983). Since
 * embeddings are small, all micro-batches are embedded first; one loss over the whole batch gives the gradient of each
 * embedding, and a second pass over the micro-batches carries these gradients into the parameters.
 */
export interface CachedLoss<P, I, M> {
  /** Shapes of the embeddings of one micro-batch. */
  readonly embeddings: Embeddings<TensorSpec>;
  readonly embed: (parameters: P, inputs: Traced<M>) => Embeddings<Tensor>;
  /** @param embeddings of the whole batch */
  readonly trace: (parameters: P, embeddings: Embeddings<Tensor>, inputs: Traced<I>) => TracedLoss;
}
