/** The sizes of a batch, and the shapes of its tensors. */
import { leavesOf } from "../../base/tree.js";
import { type Shape, type TensorSpec, spec } from "../../graph/tensor.js";
import type { Batch, MaskedImages, MaskedTexts } from "./batch.js";

export interface ImageSizes {
  /** Shape of one image, [3, H, W]. */
  readonly pixels: Shape;
  /** Shape of the codebook's view of one image, [3, h, w]. */
  readonly codebookPixels: Shape;
  /** Patches of an image, P. */
  readonly patches: number;
  /** Capacity for hidden patches in the whole batch, N. */
  readonly targets: number;
}

export interface TextSizes {
  /** Tokens that every text is padded to, L. */
  readonly length: number;
  /** Capacity for masked tokens in the whole batch, N. */
  readonly targets: number;
}

/** `samples` is B. */
export type BatchSizes = { readonly samples: number } & (
  | { readonly kind: "image"; readonly images: ImageSizes }
  | { readonly kind: "text"; readonly texts: TextSizes }
  | { readonly kind: "pair"; readonly images: ImageSizes; readonly texts: TextSizes }
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
  { pixels, codebookPixels, patches, targets }: ImageSizes,
): MaskedImages<TensorSpec> {
  return {
    pixels: spec([samples, ...pixels]),
    hidden: spec([samples, patches]),
    positions: integers(targets),
    codebookPixels: spec([samples, ...codebookPixels]),
  };
}

function textSpecs(samples: number, { length, targets }: TextSizes): MaskedTexts<TensorSpec> {
  return {
    maskedIds: integers(samples, length),
    lengths: integers(samples),
    targets: { positions: integers(targets), labels: integers(targets) },
  };
}
