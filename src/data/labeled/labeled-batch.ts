/** Batches of labeled samples as inputs of programs. */
import type { Values } from "../../backend/values.js";
import { type Shape, type TensorSpec, spec } from "../../graph/tensor.js";
import type { EncodedText } from "../text/tokenizer.js";
import { type Labels, outputCount } from "./labels.js";

/** What a model with a head reads: images, texts or both. */
export interface TaskTensors<T> {
  /** Normalized images, float32 [B, 3, H, W]. */
  readonly pixels?: T;
  /** Word pieces, int32 [B, L]. */
  readonly ids?: T;
  /** Number of tokens without padding, int32 [B]. */
  readonly lengths?: T;
  /** Segment of each token, int32 [B, L]; only for pairs of texts. */
  readonly types?: T;
}

/** What a model reads, and what it should answer. */
export interface LabeledTensors<T> extends TaskTensors<T> {
  /** Classes int32 [B], scores float32 [B, C], or standardized values float32 [B]. */
  readonly target: T;
}

/** The sizes that the shapes of a batch follow from. */
export interface TaskSizes {
  /** B. */
  readonly samples: number;
  /** Shape of an image, [3, H, W], if there are any. */
  readonly pixels?: Shape;
  /** L, if there are texts. */
  readonly length?: number;
  /** Whether texts are pairs. */
  readonly pairs?: boolean;
}

/** The values of a batch of labeled samples. */
export interface LabeledBatch {
  /** What the shapes of its tensors follow from. */
  readonly sizes: TaskSizes;
  /** What the model reads, and what it should answer. */
  readonly tensors: LabeledTensors<Values>;
}

/** The shapes of what a model reads. */
export function taskSpecs({ samples, pixels, length, pairs }: TaskSizes): TaskTensors<TensorSpec> {
  const integers = (...shape: number[]): TensorSpec => spec(shape, "int32");
  return {
    ...(pixels && { pixels: spec([samples, ...pixels]) }),
    ...(length !== undefined && {
      ids: integers(samples, length),
      lengths: integers(samples),
      ...(pairs && { types: integers(samples, length) }),
    }),
  };
}

export function labeledSpecs(sizes: TaskSizes, labels: Labels): LabeledTensors<TensorSpec> {
  const { samples } = sizes;
  const target =
    labels.kind === "class"
      ? spec([samples], "int32")
      : spec(labels.kind === "value" ? [samples] : [samples, outputCount(labels)]);
  return { ...taskSpecs(sizes), target };
}

/** Equal only for the same shapes. */
export function sizesKey({ samples, pixels = [], length = 0, pairs = false }: TaskSizes): string {
  return `${samples} ${pixels.join("x")} ${length}${pairs ? " pairs" : ""}`;
}

/** Texts side by side, padded to `length`; further rows up to `rows` are texts of one padding token. */
export function packEncoded(
  encoded: readonly EncodedText[],
  {
    rows,
    length,
    pairs,
  }: { readonly rows: number; readonly length: number; readonly pairs: boolean },
): { readonly ids: Int32Array; readonly lengths: Int32Array; readonly types?: Int32Array } {
  const ids = new Int32Array(rows * length);
  const types = new Int32Array(rows * length);
  const lengths = new Int32Array(rows).fill(1);
  for (const [row, { ids: own, second }] of encoded.entries()) {
    ids.set(own, row * length);
    types.fill(1, row * length + second, row * length + own.length);
    lengths[row] = own.length;
  }
  return { ids, lengths, ...(pairs && { types }) };
}
