/** Batches as programs see them: a tagged union, in which every part that its losses need is present. */
import type { Tensor } from "../../graph/tensor.js";

/** Which positions of a flattened batch are to be predicted. */
export interface Targets<T = Tensor> {
  /** Positions in the batch flattened to [B * length], int32 [N]; -1 fills up the capacity and counts for nothing. */
  readonly positions: T;
  /** What stands there, int32 [N]. */
  readonly labels: T;
}

/** A masked image's side of a batch. */
export interface MaskedImages<T = Tensor> {
  /** Normalized images, float32 [B, 3, H, W]. */
  readonly pixels: T;
  /** 1 where a patch is hidden, float32 [B, P]. */
  readonly hidden: T;
  /** Positions of the hidden patches in [B * P], int32 [N], filled up with -1. */
  readonly positions: T;
  /** The second view of the images for the codebook, mapped to [0.1, 0.9], float32 [B, 3, h, w] ... */
  readonly codebookPixels?: T;
  /** ... or the visual tokens of all patches, where they are known already, int32 [B, P]. */
  readonly visualTokens?: T;
}

/** A masked text's side of a batch. */
export interface MaskedTexts<T = Tensor> {
  /** Word pieces, some of them hidden, int32 [B, L]. */
  readonly maskedIds: T;
  /** Number of real tokens, int32 [B]. */
  readonly lengths: T;
  readonly targets: Targets<T>;
}

export type ImageBatch<T = Tensor> = { readonly kind: "image" } & MaskedImages<T>;
export type TextBatch<T = Tensor> = { readonly kind: "text" } & MaskedTexts<T>;
export type PairBatch<T = Tensor> = {
  readonly kind: "pair";
  /** Word pieces, none hidden, int32 [B, L]. */
  readonly ids: T;
  /** 1 where image and text belong together, 0 where not, float32 [B]. */
  readonly match: T;
} & MaskedImages<T> &
  MaskedTexts<T>;

export type Batch<T = Tensor> = ImageBatch<T> | TextBatch<T> | PairBatch<T>;

/** The tensors of a batch of any kind. */
export type BatchTensors<T> = Partial<Omit<PairBatch<T>, "kind">>;
