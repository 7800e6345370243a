/** The image codebook: DALL-E's dVAE encoder, which predicts a visual token for each 8 x 8 pixels (flava.md 2). */
import { scope } from "../graph/trace.js";
import { add } from "../graph/ops/arithmetic.js";
import { concatenate } from "../graph/ops/concatenate.js";
import { conv2d } from "../graph/ops/convolution.js";
import { affine } from "../graph/ops/affine.js";
import { cast } from "../graph/ops/cast.js";
import { relu } from "../graph/ops/elementwise.js";
import { gatherRows } from "../graph/ops/gather.js";
import { permute } from "../graph/ops/permute.js";
import { maxPool2x2 } from "../graph/ops/pool.js";
import { argmax } from "../graph/ops/reduce.js";
import { reshape } from "../graph/ops/reshape.js";
import { slice } from "../graph/ops/slice.js";
import { type Tensor, bytesPerElement } from "../graph/tensor.js";
import { type Parameter, constant, weight } from "../nn/parameter.js";
import { type Precision, computeDtype } from "../nn/precision.js";
import type { CodebookConfig } from "./config.js";

/** Parameters of a convolution with kernels of k x k pixels, channels last. */
export interface Convolution<T> {
  /** [out, k, k, in] */
  readonly weight: T;
  /** [out] */
  readonly bias: T;
}

/** A residual block of four convolutions; `shortcut` only if the number of channels changes. */
export interface CodebookBlock<T> {
  /** Changes the number of channels of what is added. */
  readonly shortcut?: Convolution<T>;
  /** Four, each after a ReLU. */
  readonly convolutions: readonly Convolution<T>[];
}

/**
 * Parameters of the dVAE's encoder (flava.md 2.1): a convolution, groups of residual blocks, and a convolution to the logits
 * of all visual tokens. Leaves `T` are `Parameter`s, tensors or values.
 */
export interface Codebook<T> {
  /** From the colors of a pixel: [hidden, 7, 7, channels]. */
  readonly input: Convolution<T>;
  /** Residual blocks; all groups but the last end in max pooling by 2. */
  readonly groups: readonly (readonly CodebookBlock<T>[])[];
  /** To the logits: [V, 1, 1, width of the last group]. */
  readonly output: Convolution<T>;
}

/**
 * A convolution from `inputs` to `outputs` channels, initialized with standard deviation `gain` / sqrt(inputs · k²).
 * The default keeps the variance of what passes a ReLU; DALL-E's gain is 1 throughout (flava.md 1.8), with which most of a
 * small codebook stays unused.
 */
export function convolutionParameters(
  inputs: number,
  outputs: number,
  size: number,
  gain = Math.SQRT2,
): Convolution<Parameter> {
  return {
    weight: weight([outputs, size, size, inputs], gain / Math.sqrt(inputs * size * size)),
    bias: constant([outputs], 0),
  };
}

/** A block's four convolutions with kernels of these sizes and `outputs / 4` hidden channels. */
export function codebookBlockParameters(
  inputs: number,
  outputs: number,
  sizes: readonly [number, number, number, number],
): CodebookBlock<Parameter> {
  const inner = outputs / 4;
  const convolutions = sizes.map((size, index) =>
    convolutionParameters(index === 0 ? inputs : inner, index === 3 ? outputs : inner, size),
  );
  if (inputs === outputs) return { convolutions };
  return { shortcut: convolutionParameters(inputs, outputs, 1), convolutions };
}

/** The parameters of a codebook of these sizes, declared for `State` and `initialize`. */
export function codebookParameters(config: CodebookConfig): Codebook<Parameter> {
  const { channels, groups, blocksPerGroup, hidden, vocabulary } = config;
  const width = (group: number): number => hidden * 2 ** Math.max(group, 0);
  return {
    input: convolutionParameters(channels, hidden, 7, 1),
    groups: Array.from({ length: groups }, (_, group) =>
      Array.from({ length: blocksPerGroup }, (_unused, block) =>
        codebookBlockParameters(width(block === 0 ? group - 1 : group), width(group), [3, 3, 3, 1]),
      ),
    ),
    output: convolutionParameters(width(groups - 1), vocabulary, 1),
  };
}

/** A residual block with its gain already applied: x + convolutions(relu(..)), [B, H, W, in] -> [B, H, W, out]. */
export function codebookBlock(p: CodebookBlock<Tensor>, x: Tensor): Tensor {
  const shortcut = p.shortcut ? convolve(p.shortcut, x) : x;
  let path = x;
  for (const convolution of p.convolutions) path = convolve(convolution, relu(path));
  return add(shortcut, path);
}

export function convolve({ weight, bias }: Convolution<Tensor>, x: Tensor): Tensor {
  return conv2d(x, weight, { bias });
}

type Groups = Codebook<Tensor>["groups"];

/** The gain of residual branches (flava.md 2.1). */
export const branchGain = ({ groups, blocksPerGroup }: CodebookConfig): number =>
  1 / (groups * blocksPerGroup) ** 2;

/**
 * Folds the gain of residual branches into the last weights of each branch:
 * these are few, and the sum with the shortcut can be fused into the last convolution.
 */
export function withGain(groups: Groups, config: CodebookConfig): Groups {
  const gain = branchGain(config);
  return groups.map((blocks) =>
    blocks.map((block) => {
      const { weight, bias } = block.convolutions.at(-1)!;
      const last = { weight: affine(weight, gain, 0), bias: affine(bias, gain, 0) };
      return { ...block, convolutions: [...block.convolutions.slice(0, -1), last] };
    }),
  );
}

/**
 * Logits of all visual tokens: pixels mapped to [0.1, 0.9], float32 [B, 3, H, W] -> [B, H / 8, W / 8, V] in the dtype
 * of `precision` (each group but the last halves the sides).
 */
export function codebookLogits(
  p: Codebook<Tensor>,
  config: CodebookConfig,
  pixels: Tensor,
  precision: Precision,
): Tensor {
  return scope("codebook", () => {
    const scaled = { ...p, groups: withGain(p.groups, config) };
    return convolve(p.output, relu(featuresOf(scaled, pixels, precision, pixels.shape[0] ?? 0)));
  });
}

/**
 * What the output layer reads: [B, 3, H, W] -> [B, H / 8, W / 8, C] in the dtype of `precision`. The first group takes
 * `together` images at a time. Its successors have maps of half the size each, and take twice as many.
 */
function featuresOf(
  p: Codebook<Tensor>,
  pixels: Tensor,
  precision: Precision,
  together: number,
): Tensor {
  const outputOf = (images: Tensor, group: number): Tensor => {
    if (group < 0) {
      const channelsLast = permute(images, [0, 2, 3, 1]); // [b, H, W, 3]
      return convolve(p.input, cast(channelsLast, computeDtype(precision)));
    }
    const count = together * 2 ** Math.max(0, group - 1);
    const before = inParts(images, count, (some) => {
      const maps = outputOf(some, group - 1);
      return group > 0 ? maxPool2x2(maps) : maps;
    });
    return p.groups[group]!.reduce((maps, block) => codebookBlock(block, maps), before);
  };
  const last = p.groups.length - 1;
  return inParts(pixels, together * 2 ** last, (some) => outputOf(some, last));
}

/** `made` of at most `count` samples [B, ...] at a time. */
function inParts(samples: Tensor, count: number, made: (some: Tensor) => Tensor): Tensor {
  const [batch = 0] = samples.shape;
  if (batch <= count) return made(samples);
  const parts = Array.from({ length: Math.ceil(batch / count) }, (_, index) =>
    made(slice(samples, 0, index * count, Math.min((index + 1) * count, batch))),
  );
  return concatenate(parts, 0);
}

/** The visual token of each cell, row by row: float32 [B, 3, H, W] -> int32 [B, cells]. */
export function visualTokens(
  p: Codebook<Tensor>,
  config: CodebookConfig,
  pixels: Tensor,
  precision: Precision,
): Tensor {
  return scope("codebook", () => {
    const gained = { ...p, groups: withGain(p.groups, config) };
    const together = imagesTogether(config, pixels, precision);
    const tokens = inParts(pixels, together * 2 ** (config.groups - 1), (some) =>
      tokensOf(gained, featuresOf(gained, some, precision, together)),
    ); // [B, H / 8, W / 8]
    const [batch = 0, rows = 0, columns = 0] = tokens.shape;
    return reshape(tokens, [batch, rows * columns]);
  });
}

/**
 * The visual tokens of some cells alone: those at `positions` of [B * cells], int32 [N] -> int32 [N]. The position -1, which
 * stands for no cell, may get any token.
 */
export function visualTokensAt(
  p: Codebook<Tensor>,
  config: CodebookConfig,
  pixels: Tensor,
  precision: Precision,
  positions: Tensor,
): Tensor {
  return scope("codebook", () => {
    const gained = { ...p, groups: withGain(p.groups, config) };
    const together = imagesTogether(config, pixels, precision);
    const features = featuresOf(gained, pixels, precision, together);
    const channels = features.shape.at(-1) ?? 0;
    const cells = gatherRows(reshape(features, [-1, channels]), positions); // [N, C]
    return inParts(cells, mostCells, (some) =>
      reshape(tokensOf(gained, reshape(some, [1, 1, -1, channels])), [-1]),
    );
  });
}

/** The tokens of maps of features: [B, H / 8, W / 8, C] -> int32 [B, H / 8, W / 8]. */
function tokensOf(p: Codebook<Tensor>, features: Tensor): Tensor {
  return argmax(convolve(p.output, relu(features)));
}

/** Cells whose logits, one for each entry of the vocabulary, are in memory at a time. */
const mostCells = 1024;

/** Most parts of a batch: each has its own operations in the graph, which must be planned in seconds. */
const mostParts = 256;

/** Maximum size in bytes of the widest feature maps that are computed together, so that they stay in the last-level cache. */
const widestMaps = 4 << 20;

/** Number of images that the first group takes at a time. */
function imagesTogether({ hidden }: CodebookConfig, pixels: Tensor, precision: Precision): number {
  const [batch = 0, , height = 0, width = 0] = pixels.shape;
  const bytes = height * width * hidden * bytesPerElement[computeDtype(precision)];
  return Math.max(1, Math.floor(widestMaps / bytes), Math.ceil(batch / mostParts));
}
