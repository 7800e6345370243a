/** Batches as inputs of programs: a tagged union, in which each kind has everything that its losses need. */
import type { Tensor } from "../../graph/tensor.js";

/** The positions of a flattened batch to predict. */
export interface Targets<T = Tensor> {
  /** Positions in the batch flattened to [B * length], int32 [N]; padded with -1, which is ignored. */
  readonly positions: T;
  /** The tokens at these positions, int32 [N]. */
  readonly labels: T;
}

/** The images of a batch, masked. */
export interface MaskedImages<T = Tensor> {
  /** Normalized images, float32 [B, 3, H, W]. */
  readonly pixels: T;
  /** 1 where a patch is hidden, float32 [B, P]. */
  readonly hidden: T;
  /** Positions of the hidden patches in [B * P], int32 [N], padded with -1. */
  readonly positions: T;
  /** The second view of the images for the codebook, mapped to [0.1, 0.9], float32 [B, 3, h, w] ... */
  readonly codebookPixels?: T;
  /** ... or the visual tokens of all patches if already known, int32 [B, P]. */
  readonly visualTokens?: T;
}

/** The texts of a batch, masked. */
export interface MaskedTexts<T = Tensor> {
  /** Word pieces, some of them masked, int32 [B, L]. */
  readonly maskedIds: T;
  /** Number of tokens without padding, int32 [B]. */
  readonly lengths: T;
  /** The masked tokens, which are to be predicted. */
  readonly targets: Targets<T>;
}

/** Images without texts, for masked image modeling. */
export type ImageBatch<T = Tensor> = { readonly kind: "image" } & MaskedImages<T>;
/** Texts without images, for masked language modeling. */
export type TextBatch<T = Tensor> = { readonly kind: "text" } & MaskedTexts<T>;
/** Images with texts, for the contrastive, matching and multimodal masked losses. */
export type PairBatch<T = Tensor> = {
  readonly kind: "pair";
  /** Word pieces, none masked, int32 [B, L]. */
  readonly ids: T;
  /** 1 if image and text match, 0 otherwise, float32 [B]. */
  readonly match: T;
} & MaskedImages<T> &
  MaskedTexts<T>;

/** A batch of one kind: tensors while a function is traced, their shapes, or their values. */
export type Batch<T = Tensor> = ImageBatch<T> | TextBatch<T> | PairBatch<T>;

/** The tensors of a batch of any kind. */
export type BatchTensors<T> = Partial<Omit<PairBatch<T>, "kind">>;
