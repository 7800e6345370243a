/** Collates samples of one kind into a batch: image views, tokens and masks. */
import { type Key, foldIn } from "../../base/random.js";
import type { Values } from "../../backend/values.js";
import type { Batch, MaskedImages, MaskedTexts, Targets } from "./batch.js";
import type { BatchSizes, BatchImageSizes, BatchTextSizes } from "./batch-specs.js";
import { type BatchViews, type ViewOptions, viewShapes } from "./batch-views.js";
import { blockMask } from "./block-mask.js";
import { maskText, mostMasked } from "./mask-text.js";
import { randomSource } from "./random-source.js";
import type { BatchKind } from "./mixture.js";
import type { Tokenizer } from "../text/tokenizer.js";

/** How texts of one kind are tokenized and masked. */
export interface TextOptions {
  /** Lengths that batches are padded to, ascending. Texts longer than the last one are truncated. */
  readonly lengths: readonly number[];
  /** Share of tokens to predict; 0.15 in the paper. */
  readonly masked: number;
  /** The unit of masking; the paper masks whole words in pairs and single pieces in text alone (flava.md 3.4). */
  readonly unit: "piece" | "word";
}

/** How samples become batches. */
export interface BatchOptions extends ViewOptions {
  /** For the texts of pairs. */
  readonly captions: TextOptions;
  /**
   * Probability of using the first caption of a pair, which is the simplest, without drawing among all of them; default 0.
   */
  readonly firstCaptionProbability?: number;
  /** For texts alone. */
  readonly texts: TextOptions;
  /** Hides the patches and tokens to predict from the encoders; default true. */
  readonly hides?: boolean;
}

/** A sample of a batch, without its image. */
export interface Picked {
  /** The caption, or the text. */
  readonly text: string;
  /** Whether image and text match. */
  readonly matches: boolean;
  /** Random key of the sample's masks. */
  readonly key: Key;
}

/** The values of a batch, with the sizes that their shapes follow from. */
export type CollatedBatch = Batch<Values> & {
  /** What the shapes of its tensors follow from. */
  readonly sizes: BatchSizes;
};

/**
 * The batch of some samples.
 *
 * @param views of all images, in the order of `picked`; undefined for texts alone
 */
export function collate(
  kind: BatchKind,
  picked: readonly Picked[],
  views: BatchViews | undefined,
  tokenizer: Tokenizer,
  options: BatchOptions,
): CollatedBatch {
  const textOptions = textOptionsOf(kind, options);
  const maximum = longestOf(textOptions);
  const tokens =
    kind === "image" ? [] : picked.map(({ text }) => tokenizer.encode(text, { maximum }));
  const sizes = batchSizes(kind, picked.length, paddedLength(tokens, textOptions), options);
  switch (sizes.kind) {
    case "image":
      return { kind: sizes.kind, sizes, ...maskedImages(picked, views, sizes.images, options) };
    case "text": {
      const { ids: _, ...texts } = maskedTexts(
        sizes.kind,
        picked,
        tokens,
        sizes.texts,
        tokenizer,
        options,
      );
      return { kind: sizes.kind, sizes, ...texts };
    }
    case "pair": {
      const match = Float32Array.from(picked, ({ matches }) => (matches ? 1 : 0));
      const images = maskedImages(picked, views, sizes.images, options);
      const texts = maskedTexts(sizes.kind, picked, tokens, sizes.texts, tokenizer, options);
      return { kind: sizes.kind, sizes, match, ...images, ...texts };
    }
  }
}

/** The sizes of the largest batch of a kind, with texts of the maximum length. */
export function largestSizes(kind: BatchKind, samples: number, options: BatchOptions): BatchSizes {
  return batchSizes(kind, samples, longestOf(textOptionsOf(kind, options)), options);
}

function batchSizes(
  kind: BatchKind,
  samples: number,
  length: number,
  options: BatchOptions,
): BatchSizes {
  const { mask } = options.processor;
  const images = {
    ...viewShapes(options.processor),
    patches: mask.patches ** 2,
    targets: samples * mask.total,
  };
  const { masked } = textOptionsOf(kind, options);
  const texts = { length, targets: samples * mostMasked(length, masked) };
  switch (kind) {
    case "image":
      return { kind, samples, images };
    case "text":
      return { kind, samples, texts };
    case "pair":
      return { kind, samples, images, texts };
  }
}

function textOptionsOf(kind: BatchKind, { captions, texts }: BatchOptions): TextOptions {
  return kind === "pair" ? captions : texts;
}

const longestOf = ({ lengths }: TextOptions): number => lengths.at(-1) ?? 0;

/** The shortest length that all texts fit into. */
function paddedLength(tokens: readonly Int32Array[], options: TextOptions): number {
  const needed = tokens.reduce((most, { length }) => Math.max(most, length), 0);
  return options.lengths.find((length) => length >= needed) ?? longestOf(options);
}

function maskedImages(
  picked: readonly Picked[],
  views: BatchViews | undefined,
  { patches, targets }: BatchImageSizes,
  { processor: { mask }, hides = true }: BatchOptions,
): MaskedImages<Float32Array | Int32Array> {
  if (views?.count !== picked.length) {
    throw new Error("A batch of images needs the views of an image for every sample.");
  }
  const hidden = new Float32Array(picked.length * patches); // [B, P]
  const positions = new Int32Array(targets).fill(-1);
  let found = 0;
  for (const [row, { key }] of picked.entries()) {
    const grid = { height: mask.patches, width: mask.patches };
    const blocks = blockMask(randomSource(foldIn(key, "mask")), { ...mask, ...grid });
    for (const [patch, isMasked] of blocks.entries()) {
      if (isMasked === 0) continue;
      hidden[row * patches + patch] = Number(hides);
      positions[found++] = row * patches + patch;
    }
  }
  return { pixels: views.pixels, codebookPixels: views.codebookPixels, hidden, positions };
}

type Texts = MaskedTexts<Int32Array> & { readonly ids: Int32Array };

function maskedTexts(
  kind: "text" | "pair",
  picked: readonly Picked[],
  encoded: readonly Int32Array[],
  { length, targets: capacity }: BatchTextSizes,
  { vocabulary }: Tokenizer,
  options: BatchOptions,
): Texts {
  const { masked, unit } = textOptionsOf(kind, options);
  const { hides = true } = options;
  const ids = new Int32Array(picked.length * length); // [B, L]; 0 is [PAD]
  const maskedIds = new Int32Array(picked.length * length);
  const most = mostMasked(length, masked);
  const targets = emptyTargets(capacity);
  let found = 0;
  for (const [row, tokens] of encoded.entries()) {
    const key = foldIn(picked[row]!.key, "words");
    const drawn = maskText(tokens, key, { vocabulary, probability: masked, unit, most });
    ids.set(tokens, row * length);
    maskedIds.set(hides ? drawn.maskedIds : tokens, row * length);
    for (const [index, position] of drawn.positions.entries()) {
      targets.positions[found] = row * length + position;
      targets.labels[found++] = drawn.labels[index]!;
    }
  }
  const lengths = Int32Array.from(encoded, (tokens) => tokens.length);
  return { ids, maskedIds, lengths, targets };
}

function emptyTargets(capacity: number): Targets<Int32Array> {
  return { positions: new Int32Array(capacity).fill(-1), labels: new Int32Array(capacity) };
}
