/** The image processor of the published models, adapted to other image and patch sizes. */
import { blockMaskDefaults } from "../batch/block-mask.js";
import { type ImageProcessor, defaultProcessor } from "./processor.js";

/** Sides in pixels. */
interface ImageSizes {
  readonly size: number;
  readonly patch: number;
}

/** Side in pixels of the cell that a visual token encodes. */
const codebookCell = 8;

/** Size in pixels of the codebook's square view, with one visual token per patch. */
export function codebookSize({ size, patch }: ImageSizes): number {
  return Math.floor(size / patch) * codebookCell;
}

/** The image processor for a model of these sizes: the published one, scaled (flava.md 4.1). */
export function fittedProcessor({ image }: { readonly image: ImageSizes }): ImageProcessor {
  const patches = Math.floor(image.size / image.patch);
  const sizes = blockMaskDefaults({ height: patches, width: patches });
  const fitted = defaultProcessor(image.size, codebookSize(image));
  return { ...fitted, mask: { ...fitted.mask, patches, ...sizes } };
}
