/** The shapes of batches, which follow from their lengths and the model's sizes. */
import type { Values } from "../../backend/values.js";
import { leavesOf } from "../../base/tree.js";
import type { Batch, MaskedImages, MaskedTexts } from "../../data/batch/batch.js";
import { type TensorSpec, spec } from "../../graph/tensor.js";
import { type FlavaConfig, patchCount } from "../../model/config.js";
import { codebookSize } from "../../data/image/fitted-processor.js";

type Given = Batch<Values>;

/** Samples in a batch. */
export function sizeOfBatch(batch: Given, { image }: Pick<FlavaConfig, "image">): number {
  return batch.kind === "text" ? batch.lengths.length : batch.hidden.length / patchCount(image);
}

/** A name that all batches of the same kind and shapes share. */
export function shapeNameOf(batch: Batch<TensorSpec>): string {
  const { kind, ...inputs } = batch;
  return [kind, ...leavesOf<TensorSpec>(inputs).map(([, { size }]) => size)].join(" ");
}

export function batchSpecs(batch: Given, config: FlavaConfig): Batch<TensorSpec> {
  const size = sizeOfBatch(batch, config);
  switch (batch.kind) {
    case "image":
      return { kind: "image", ...imageSpecs(batch, size, config) };
    case "text":
      return { kind: "text", ...textSpecs(batch, size) };
    case "pair":
      return {
        kind: "pair",
        ids: integers(size, batch.ids.length / size),
        match: spec([size]),
        ...imageSpecs(batch, size, config),
        ...textSpecs(batch, size),
      };
  }
}

const integers = (...shape: number[]): TensorSpec => spec(shape, "int32");

function imageSpecs(
  { hidden, positions, codebookPixels, visualTokens }: MaskedImages<Values>,
  size: number,
  { image }: FlavaConfig,
): MaskedImages<TensorSpec> {
  const pixels = (values: Values): TensorSpec => {
    const side = Math.sqrt(values.length / size / image.channels);
    return spec([size, image.channels, side, side]);
  };
  return {
    pixels: spec([size, image.channels, image.size, image.size]),
    hidden: spec([size, hidden.length / size]),
    positions: integers(positions.length),
    ...(codebookPixels && { codebookPixels: pixels(codebookPixels) }),
    ...(visualTokens && { visualTokens: integers(size, visualTokens.length / size) }),
  };
}

function textSpecs(
  { maskedIds, targets }: MaskedTexts<Values>,
  size: number,
): MaskedTexts<TensorSpec> {
  return {
    maskedIds: integers(size, maskedIds.length / size),
    lengths: integers(size),
    targets: {
      positions: integers(targets.positions.length),
      labels: integers(targets.labels.length),
    },
  };
}

export interface LargestBatch {
  readonly kind: Batch["kind"];
  readonly size: number;
  /** Longest text, and most of its tokens that are masked. */
  readonly length: number;
  readonly masked: number;
  /** Most hidden patches of an image. */
  readonly hidden: number;
}

/** The shapes of the largest batch of a kind, before any is read. */
export function largestBatch(
  { kind, size, length, masked, hidden }: LargestBatch,
  config: FlavaConfig,
): Batch<TensorSpec> {
  const { image } = config;
  const side = codebookSize(image);
  const images = {
    pixels: spec([size, image.channels, image.size, image.size]),
    hidden: spec([size, patchCount(image)]),
    positions: integers(size * hidden),
    codebookPixels: spec([size, image.channels, side, side]),
  };
  const targets = { positions: integers(size * masked), labels: integers(size * masked) };
  const texts = { maskedIds: integers(size, length), lengths: integers(size), targets };
  switch (kind) {
    case "image":
      return { kind, ...images };
    case "text":
      return { kind, ...texts };
    case "pair":
      return { kind, ids: integers(size, length), match: spec([size]), ...images, ...texts };
  }
}
