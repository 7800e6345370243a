/** Model sizes by name. */
import type { CodebookConfig, FlavaConfig, StackConfig } from "../model/config.js";

/** DALL-E's codebook, used by the paper (flava.md 2.1). */
const dalle: CodebookConfig = {
  channels: 3,
  groups: 4,
  blocksPerGroup: 2,
  hidden: 256,
  vocabulary: 8192,
};

interface Sizes extends Omit<StackConfig, "layers"> {
  /** For the image, text and multimodal encoders. */
  readonly layers: readonly [number, number, number];
  readonly size?: number;
  readonly patch?: number;
  readonly textPositions?: number;
  readonly codebook?: CodebookConfig;
}

function flava(sizes: Sizes): FlavaConfig {
  const {
    layers,
    width,
    hidden,
    heads,
    size = 224,
    patch = 16,
    textPositions = 512,
    codebook = dalle,
  } = sizes;
  const stack = (count: number): StackConfig => ({ layers: count, width, hidden, heads });
  return {
    image: { ...stack(layers[0]), size, patch, channels: 3, vocabulary: codebook.vocabulary },
    text: { ...stack(layers[1]), vocabulary: 30522, positions: textPositions, types: 2 },
    multimodal: stack(layers[2]),
    codebook,
    projection: width,
    epsilon: 1e-12,
    headEpsilon: 1e-12,
    maskPadding: true,
  };
}

const smallCodebook = (hidden: number, vocabulary: number): CodebookConfig => ({
  ...dalle,
  hidden,
  vocabulary,
});

/** From smallest to largest. `base` is the paper's model; the larger ones are TorchMultimodal's (flava.md 5.5). */
export const models = {
  tiny: flava({
    layers: [2, 2, 1],
    width: 64,
    hidden: 256,
    heads: 4,
    size: 64,
    patch: 8,
    textPositions: 64,
    codebook: smallCodebook(16, 512),
  }),
  mini: flava({
    layers: [10, 4, 3],
    width: 128,
    hidden: 512,
    heads: 4,
    size: 64,
    patch: 8,
    textPositions: 128,
    codebook: smallCodebook(32, 1024),
  }),
  small: flava({ layers: [12, 12, 6], width: 384, hidden: 1536, heads: 6 }),
  base: flava({ layers: [12, 12, 6], width: 768, hidden: 3072, heads: 12 }),
  "900m": flava({ layers: [24, 24, 12], width: 1024, hidden: 4096, heads: 16 }),
  "1.8b": flava({ layers: [32, 32, 16], width: 1280, hidden: 5120, heads: 16 }),
  "2.7b": flava({ layers: [40, 40, 20], width: 1408, hidden: 6144, heads: 16 }),
  "4.8b": flava({ layers: [48, 48, 24], width: 1664, hidden: 8192, heads: 16 }),
  "10b": flava({ layers: [64, 64, 40], width: 2048, hidden: 10240, heads: 16 }),
} as const satisfies Record<string, FlavaConfig>;

/** A size by its name. */
export type ModelName = keyof typeof models;
