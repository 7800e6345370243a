/** The image processor of the published models, adapted to other image and patch sizes. */
import { blockMaskDefaults } from "../batch/block-mask.js";
import { type ImageProcessor, type ViewSize, defaultProcessor } from "./processor.js";

/** Sides in pixels. */
export interface ImageSizes {
  /** Side of the image. */
  readonly size: number;
  /** Side of a patch. */
  readonly patch: number;
}

/** Side in pixels of the cell that a visual token encodes. */
const codebookCell = 8;

/** Size in pixels of the codebook's square view, with one visual token per patch. */
export function codebookSize({ size, patch }: ImageSizes): number {
  return Math.floor(size / patch) * codebookCell;
}

/** A processor whose view for the encoder is a square of `size` pixels: resized and cropped in the same proportions. */
export function withImageSize(processor: ImageProcessor, size: number): ImageProcessor {
  const { resize, centerCrop, ...rest } = processor.encoder;
  const scale = (length: number): number => Math.round((length * size) / sideOf(processor));
  const scaled = (sides: ViewSize): ViewSize =>
    "shortestEdge" in sides
      ? { shortestEdge: scale(sides.shortestEdge) }
      : { height: scale(sides.height), width: scale(sides.width) };
  const encoder = {
    ...rest,
    ...(resize && { resize: { ...resize, size: scaled(resize.size) } }),
    ...(centerCrop && { centerCrop: { height: size, width: size } }),
  };
  return { ...processor, encoder };
}

/** The shorter side of the encoder's view. */
function sideOf({ encoder: { resize, centerCrop } }: ImageProcessor): number {
  const size = centerCrop ?? resize?.size;
  if (!size) throw new RangeError("The image processor does not say the size of its view.");
  return "shortestEdge" in size ? size.shortestEdge : Math.min(size.height, size.width);
}

/** The image processor for a model of these sizes: the published one, scaled (flava.md 4.1). */
export function fittedProcessor({ image }: { readonly image: ImageSizes }): ImageProcessor {
  const patches = Math.floor(image.size / image.patch);
  const sizes = blockMaskDefaults({ height: patches, width: patches });
  const fitted = defaultProcessor(image.size, codebookSize(image));
  return { ...fitted, mask: { ...fitted.mask, patches, ...sizes } };
}
