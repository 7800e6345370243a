import { blockMaskDefaults } from "../data/batch/block-mask.js";
import { type ImageProcessor, defaultProcessor } from "../data/image/processor.js";
import type { FlavaConfig, ImageConfig } from "../model/config.js";

/** Pixels along each side of the cell that a visual token encodes. */
const codebookCell = 8;

/** Size in pixels of the codebook's square view: one visual token for each patch. */
export function codebookSize({ size, patch }: Pick<ImageConfig, "size" | "patch">): number {
  return Math.floor(size / patch) * codebookCell;
}

/** The image processor for a model of these sizes: the published one, scaled (flava.md 4.1). */
export function processorFor({ image }: Pick<FlavaConfig, "image">): ImageProcessor {
  const patches = Math.floor(image.size / image.patch);
  const { total, minimum } = blockMaskDefaults({ height: patches, width: patches });
  const fitted = defaultProcessor(image.size, codebookSize(image));
  return { ...fitted, mask: { ...fitted.mask, patches, total, minGroup: minimum } };
}
