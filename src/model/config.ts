/** Sizes of a FLAVA model (flava.md 1.1 and 1.9). */

/** A stack of transformer blocks. */
export interface StackConfig {
  /** Number of blocks. */
  readonly layers: number;
  /** Width of the residual stream, D. */
  readonly width: number;
  /** Inner width of the MLPs. */
  readonly hidden: number;
  /** Attention heads, which divide the width. */
  readonly heads: number;
}

/** The image encoder: a vision transformer. */
export interface ImageConfig extends StackConfig {
  /** Side in pixels. */
  readonly size: number;
  /** Side of a patch in pixels. */
  readonly patch: number;
  /** Channels of images: 3. */
  readonly channels: number;
  /** Number of visual tokens predicted by the masked-image heads. */
  readonly vocabulary: number;
}

/** The text encoder. */
export interface TextConfig extends StackConfig {
  /** Number of word pieces, V. */
  readonly vocabulary: number;
  /** Maximum text length in tokens. */
  readonly positions: number;
  /** Number of segments that are told apart: 2. */
  readonly types: number;
}

/** The encoder of the dVAE that turns an image into visual tokens (flava.md 2). */
export interface CodebookConfig {
  /** Channels of images: 3. */
  readonly channels: number;
  /** Groups of blocks; each but the last halves the sides. */
  readonly groups: number;
  /** Residual blocks in a group. */
  readonly blocksPerGroup: number;
  /** Channels of the first group; they double from group to group. */
  readonly hidden: number;
  /** Number of visual tokens. */
  readonly vocabulary: number;
}

/**
 * All sizes of a model. `models` has those with a name; for others spread one: `{ ...models.mini, projection: 64 }`.
 */
export interface FlavaConfig {
  /** The image encoder. */
  readonly image: ImageConfig;
  /** The text encoder. */
  readonly text: TextConfig;
  /** The multimodal encoder. */
  readonly multimodal: StackConfig;
  /** The dVAE's encoder, which gives the targets of masked patches. */
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
