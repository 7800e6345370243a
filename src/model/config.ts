/** Sizes of a FLAVA model (flava.md 1.1 and 1.9). */

/** A stack of transformer blocks. */
export interface StackConfig {
  readonly layers: number;
  readonly width: number;
  /** Inner width of the MLPs. */
  readonly hidden: number;
  readonly heads: number;
}

export interface ImageConfig extends StackConfig {
  /** Side in pixels. */
  readonly size: number;
  /** Side of a patch in pixels. */
  readonly patch: number;
  readonly channels: number;
  /** Number of visual tokens predicted by the masked-image heads. */
  readonly vocabulary: number;
}

export interface TextConfig extends StackConfig {
  readonly vocabulary: number;
  /** Maximum text length in tokens. */
  readonly positions: number;
  readonly types: number;
}

/** The encoder of the dVAE that turns an image into visual tokens (flava.md 2). */
export interface CodebookConfig {
  readonly channels: number;
  readonly groups: number;
  readonly blocksPerGroup: number;
  readonly hidden: number;
  readonly vocabulary: number;
}

export interface FlavaConfig {
  readonly image: ImageConfig;
  readonly text: TextConfig;
  readonly multimodal: StackConfig;
  readonly codebook: CodebookConfig;
  /** Width of the contrastive embeddings. */
  readonly projection: number;
  /** For all layer normalizations of the encoders. */
  readonly epsilon: number;
  /**
   * For those of the masked-prediction heads: 1e-12 in Hugging Face's code, 1e-5 in TorchMultimodal's (flava.md 1.12).
   */
  readonly headEpsilon: number;
  /**
   * Whether the multimodal encoder ignores text padding, which makes results independent of it. The published weights
   * were probably trained without this, on captions padded to 77 tokens (flava.md 9.1).
   */
  readonly maskPadding: boolean;
}

/** Number of patches of an image with sides of `size` pixels. */
export function patchCount({ size, patch }: Pick<ImageConfig, "size" | "patch">): number {
  return Math.floor(size / patch) ** 2;
}
