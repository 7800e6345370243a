/** Samples side by side in arrays: a batch of one kind, with its views, tokens and masks. */
import { type Key, foldIn } from "../../base/random.js";
import type { Values } from "../../backend/values.js";
import type { Batch, MaskedImages, MaskedTexts, Targets } from "./batch.js";
import { blockMask } from "./block-mask.js";
import { maskText, mostMasked } from "./mask-text.js";
import { randomSource } from "./random-source.js";
import type { BatchKind } from "./mixture.js";
import type { Image } from "../image/image.js";
import { type ImageProcessor, viewShape } from "../image/processor.js";
import { type TrainingViewOptions, writeTrainingViews } from "../image/views.js";
import type { Tokenizer } from "../text/tokenizer.js";

/** How texts of one kind become tokens. */
export interface TextOptions {
  /** Lengths that batches are filled up to, rising; the last one is the longest text, the rest of which is cut off. */
  readonly lengths: readonly number[];
  /** Share of tokens to predict; the paper's: 0.15. */
  readonly masked: number;
  /** What is masked as one: whole words in pairs, single pieces in text alone (flava.md 3.4). */
  readonly unit: "piece" | "word";
}

export interface BatchOptions {
  readonly processor: ImageProcessor;
  readonly views: Omit<TrainingViewOptions, "processor">;
  readonly captions: TextOptions;
  /**
   * Probability of using the first caption of a pair, which is the simplest, without drawing among all of them; default 0.
   */
  readonly firstCaptionProbability?: number;
  readonly texts: TextOptions;
  /** Whether the patches and tokens to predict are hidden from the encoders; default true. */
  readonly hides?: boolean;
}

/** A sample read for a batch. */
export interface Picked {
  readonly image?: Image;
  readonly text: string;
  /** Whether image and text belong together. */
  readonly matches: boolean;
  readonly key: Key;
}

export function collate(
  kind: BatchKind,
  picked: readonly Picked[],
  tokenizer: Tokenizer,
  options: BatchOptions,
): Batch<Values> {
  switch (kind) {
    case "image":
      return { kind, ...maskedImages(picked, options) };
    case "text": {
      const { ids: _, ...texts } = maskedTexts(picked, tokenizer, options.texts, options);
      return { kind, ...texts };
    }
    case "pair": {
      const match = Float32Array.from(picked, ({ matches }) => (matches ? 1 : 0));
      const texts = maskedTexts(picked, tokenizer, options.captions, options);
      return { kind, match, ...maskedImages(picked, options), ...texts };
    }
  }
}

function maskedImages(
  picked: readonly Picked[],
  { processor, views, hides = true }: BatchOptions,
): MaskedImages<Float32Array | Int32Array> {
  const count = picked.length;
  const { encoder, codebook, mask } = processor;
  const sizeOf = (view: typeof encoder): number =>
    viewShape({ width: 1, height: 1 }, view).reduce((product, side) => product * side, 1);
  const [size, codebookSize] = [sizeOf(encoder), sizeOf(codebook)];
  const pixels = new Float32Array(count * size); // [B, 3, H, W]
  const codebookPixels = new Float32Array(count * codebookSize); // [B, 3, h, w]
  const patches = mask.patches ** 2;
  const hidden = new Float32Array(count * patches); // [B, P]
  const positions = new Int32Array(count * mask.total).fill(-1);
  let found = 0;
  for (const [row, { image, key }] of picked.entries()) {
    if (!image) throw new Error("A batch of images needs an image in every sample.");
    writeTrainingViews(
      image,
      foldIn(key, "views"),
      { ...views, processor },
      { pixels, pixelsOffset: row * size, codebookPixels, codebookOffset: row * codebookSize },
    );
    const grid = { height: mask.patches, width: mask.patches };
    const blocks = blockMask(randomSource(foldIn(key, "mask")), { ...mask, ...grid });
    for (const [patch, isMasked] of blocks.entries()) {
      if (isMasked === 0) continue;
      hidden[row * patches + patch] = Number(hides);
      positions[found++] = row * patches + patch;
    }
  }
  return { pixels, codebookPixels, hidden, positions };
}

type Texts = MaskedTexts<Int32Array> & { readonly ids: Int32Array };

function maskedTexts(
  picked: readonly Picked[],
  tokenizer: Tokenizer,
  { lengths: buckets, masked, unit }: TextOptions,
  { hides = true }: Pick<BatchOptions, "hides">,
): Texts {
  const longest = buckets.at(-1) ?? 0;
  const encoded = picked.map(({ text }) => tokenizer.encode(text, { maximum: longest }));
  const needed = encoded.reduce((most, { length }) => Math.max(most, length), 0);
  const length = buckets.find((bucket) => bucket >= needed) ?? longest;
  const ids = new Int32Array(picked.length * length); // [B, L]; 0 is [PAD]
  const maskedIds = new Int32Array(picked.length * length);
  const most = mostMasked(length, masked);
  const targets = emptyTargets(picked.length * most);
  let found = 0;
  for (const [row, tokens] of encoded.entries()) {
    const key = foldIn(picked[row]!.key, "words");
    const { vocabulary } = tokenizer;
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
