/** The sizes of a batch, and the shapes of its tensors. */
import { leavesOf } from "../../base/tree.js";
import { type Shape, type TensorSpec, spec } from "../../graph/tensor.js";
import type { Batch, MaskedImages, MaskedTexts } from "./batch.js";

/** The sizes of a batch's images. */
export interface BatchImageSizes {
  /** Shape of one image, [3, H, W]. */
  readonly pixels: Shape;
  /** Shape of the codebook's view of one image, [3, h, w]. */
  readonly codebookPixels: Shape;
  /** Patches of an image, P. */
  readonly patches: number;
  /** Capacity for hidden patches in the whole batch, N. */
  readonly targets: number;
}

/** The sizes of a batch's texts. */
export interface BatchTextSizes {
  /** Tokens that every text is padded to, L. */
  readonly length: number;
  /** Capacity for masked tokens in the whole batch, N. */
  readonly targets: number;
}

/** What the shapes of a batch follow from. */
export type BatchSizes = {
  /** Samples in the batch, B. */
  readonly samples: number;
} & (
  | {
      readonly kind: "image";
      /** Sizes of its images. */
      readonly images: BatchImageSizes;
    }
  | {
      readonly kind: "text";
      /** Sizes of its texts. */
      readonly texts: BatchTextSizes;
    }
  | {
      readonly kind: "pair";
      /** Sizes of its images. */
      readonly images: BatchImageSizes;
      /** Sizes of its texts. */
      readonly texts: BatchTextSizes;
    }
);

/** The shapes of a batch of these sizes. */
export function batchSpecs(sizes: BatchSizes): Batch<TensorSpec> {
  const { kind, samples } = sizes;
  switch (kind) {
    case "image":
      return { kind, ...imageSpecs(samples, sizes.images) };
    case "text":
      return { kind, ...textSpecs(samples, sizes.texts) };
    case "pair":
      return {
        kind,
        ids: integers(samples, sizes.texts.length),
        match: spec([samples]),
        ...imageSpecs(samples, sizes.images),
        ...textSpecs(samples, sizes.texts),
      };
  }
}

/** Equal only for batches of the same kind and shapes. */
export function shapeKey({ kind, ...tensors }: Batch<TensorSpec>): string {
  return [kind, ...leavesOf<TensorSpec>(tensors).map(([, { shape }]) => shape.join("x"))].join(" ");
}

const integers = (...shape: number[]): TensorSpec => spec(shape, "int32");

function imageSpecs(
  samples: number,
  { pixels, codebookPixels, patches, targets }: BatchImageSizes,
): MaskedImages<TensorSpec> {
  return {
    pixels: spec([samples, ...pixels]),
    hidden: spec([samples, patches]),
    positions: integers(targets),
    codebookPixels: spec([samples, ...codebookPixels]),
  };
}

function textSpecs(samples: number, { length, targets }: BatchTextSizes): MaskedTexts<TensorSpec> {
  return {
    maskedIds: integers(samples, length),
    lengths: integers(samples),
    targets: { positions: integers(targets), labels: integers(targets) },
  };
}
