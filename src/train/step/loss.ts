/** What an optimizer step minimizes: a function to trace, and how to compute it in parts. */
import type { Values } from "../../backend/values.js";
import { ShapeError } from "../../base/errors.js";
import type { Mapped } from "../../base/tree.js";
import type { Tensor, TensorSpec } from "../../graph/tensor.js";
import type { GatherMode } from "../../objective/model.js";

/** The value to minimize and other scalars to report, by name: float32 [] each. */
export interface TracedLoss {
  /** What is minimized. */
  readonly total: Tensor;
  /** What is reported besides, such as the parts of the total. */
  readonly scalars: Readonly<Record<string, Tensor>>;
}

/** @throws ShapeError if a scalar has several elements, of which only the first would be reported */
export function requireScalars({ scalars }: TracedLoss): void {
  for (const [name, scalar] of Object.entries(scalars)) {
    if (scalar.size === 1) continue;
    throw new ShapeError(
      `The scalar "${name}" of the loss is ${String(scalar)}; it should be float32[], such as a mean.`,
    );
  }
}

/** A tree of input specifications, as tensors while a function is traced. */
export type Traced<I> = Mapped<I, TensorSpec, Tensor>;
/** A tree of input specifications, as the values of one run. */
export type InputValues<I> = Mapped<I, TensorSpec, Values>;

/** A loss of parameters `P` and inputs of the shapes `I`, which a part of a batch has, too. */
export interface Loss<P, I> {
  /** Shapes of the inputs. */
  readonly inputs: I;
  /** @param step counted from 1, float32 [] */
  readonly trace: (parameters: P, inputs: Traced<I>, step: Tensor) => TracedLoss;
  /**
   * The same loss, computed in `count` equal parts of the batch.
   * @throws RangeError if the batch cannot be split that way
   */
  readonly split?: (count: number) => LossOfParts<P, I>;
}

/** Numbers of samples and targets of a part, by what they count. */
export type Counts = Readonly<Record<string, number>>;

/**
 * A loss as a sum over the parts of a batch. Each loss is a mean over samples or targets: weighted by its share of them, the
 * losses of all parts add up to the loss of the batch.
 */
export interface LossOfParts<P, I> {
  /** Shapes of the inputs of one part. */
  readonly inputs: I;
  /** Splits the inputs of the batch. */
  readonly cut: (values: InputValues<I>) => readonly InputValues<I>[];
  /** What the part has of the samples and targets that losses are means of. */
  readonly counts: (values: InputValues<I>) => Counts;
  /** Names of the shares. */
  readonly shareNames: readonly string[];
  /** The weight of each loss of a part, by name, from its counts and those of all parts. */
  readonly shares: (own: Counts, all: Counts) => Readonly<Record<string, number>>;
  /** @param shares float32 [] each */
  readonly trace: (
    parameters: P,
    inputs: Traced<I>,
    shares: Readonly<Record<string, Tensor>>,
    step: Tensor,
  ) => TracedPart;
  /** The part of the loss that compares samples of all parts. */
  readonly comparison?: Comparison<P, I>;
}

/** Vectors of samples by name, float32 [B, D] each, and a factor of their similarities, float32 []. */
export interface Embedded<T> {
  /** By name, such as "images" and "texts". */
  readonly vectors: Readonly<Record<string, T>>;
  /** What similarities are multiplied by. */
  readonly factor: T;
}

/** The loss of one part of a batch. */
export interface TracedPart extends TracedLoss {
  /** What the comparison reads, if there is one. */
  readonly embedded?: Embedded<Tensor>;
}

/**
 * A loss on the embeddings of all parts, by gradient caching (Gao et al., arXiv 2101.06983). Since embeddings are small, all
 * parts are embedded first; each part is then compared with all of them, which gives the gradient of each embedding, and a
 * second pass over the parts carries these gradients into the parameters.
 */
export interface Comparison<P, I> {
  /** Shapes of the embeddings of one part. */
  readonly embedded: Embedded<TensorSpec>;
  /** The embeddings of one part. */
  readonly embed: (parameters: P, inputs: Traced<I>) => Embedded<Tensor>;
  /** Shape of the weights of a part's samples in this loss. */
  readonly rows: TensorSpec;
  /** Their values for a part. */
  readonly rowsOf: (values: InputValues<I>) => Values;
  /** Which embeddings of others have gradients. */
  readonly gather: GatherMode;
  /**
   * @param all embeddings of all parts
   * @param places of the part's samples among all, int32 [B]
   */
  readonly trace: (
    own: Embedded<Tensor>,
    all: Readonly<Record<string, Tensor>>,
    places: Tensor,
    rows: Tensor,
    shares: Readonly<Record<string, Tensor>>,
  ) => TracedLoss;
}
