import { blockMaskDefaults } from "../data/batch/block-mask.js";
import { type ImageProcessor, defaultProcessor } from "../data/image/processor.js";
import type { FlavaConfig, ImageConfig } from "../model/config.js";

/** Pixels on a side of what one visual token stands for. */
const codebookCell = 8;

/** Sides in pixels of the codebook's square view: one visual token for each patch. */
export function codebookSize({ size, patch }: Pick<ImageConfig, "size" | "patch">): number {
  return Math.floor(size / patch) * codebookCell;
}

/** How images become what a model of these sizes reads: the published processor, fitted (flava.md 4.1). */
export function processorFor({ image }: Pick<FlavaConfig, "image">): ImageProcessor {
  const patches = Math.floor(image.size / image.patch);
  const { total, minimum } = blockMaskDefaults({ height: patches, width: patches });
  const fitted = defaultProcessor(image.size, codebookSize(image));
  return { ...fitted, mask: { ...fitted.mask, patches, total, minGroup: minimum } };
}
