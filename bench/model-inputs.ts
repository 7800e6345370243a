/** Random inputs of FLAVA for the benchmark, with the shapes and mask ratios of real ones. */
import { type Shape, TensorSpec } from "../src/graph/tensor.js";
import { type FlavaConfig, patchCount } from "../src/model/config.js";
import type { Batch, MaskedImages, MaskedTexts } from "../src/data/batch/batch.js";
import { randomIntegers, randomNumbers } from "./random-numbers.js";
import type { Pretraining, Texts } from "./work.js";

/** A specification with matching values: programs are compiled for the one and run on the other. */
export class Given extends TensorSpec {
  constructor(
    readonly values: Float32Array | Int32Array,
    shape: Shape,
  ) {
    super(shape, values instanceof Float32Array ? "float32" : "int32");
  }
}

/** Of the tokens of each text. */
const hiddenTokens = 0.15;
/** Of the patches of each image: 75 of 196. */
const hiddenPatches = 75 / 196;
const maskToken = 103;

const given = (values: Given["values"], ...shape: number[]): Given => new Given(values, shape);

/** The batch of a pre-training step. In a batch of pairs the first pair is mismatched. */
export function pretrainingBatch(
  config: FlavaConfig,
  { samples, batch, texts }: Pretraining,
): Batch<Given> {
  if (samples === "image") return { kind: "image", ...maskedImages(config, batch) };
  if (!texts) throw new Error("A step on texts needs their lengths.");
  const ids = randomWords(config, texts);
  const words = maskedTexts(ids, texts);
  if (samples === "text") return { kind: "text", ...words };
  const match = new Float32Array(batch).fill(1);
  match[0] = 0;
  return {
    kind: "pair",
    ids,
    match: given(match, batch),
    ...maskedImages(config, batch),
    ...words,
  };
}

export function randomImages({ image }: FlavaConfig, batch: number): Given {
  const { channels, size } = image;
  return given(randomNumbers(batch * channels * size ** 2), batch, channels, size, size);
}

/** Token ids [B, L], 0 as padding. */
export function randomWords({ text }: FlavaConfig, { lengths, padded }: Texts): Given {
  const ids = randomIntegers(lengths.length * padded, 1, text.vocabulary);
  for (const [row, length] of lengths.entries())
    ids.fill(0, row * padded + length, (row + 1) * padded);
  return given(ids, lengths.length, padded);
}

export function lengthsOf({ lengths }: Texts): Given {
  return given(Int32Array.from(lengths), lengths.length);
}

/** The first patches of each image are masked. */
function maskedImages(config: FlavaConfig, batch: number): MaskedImages<Given> {
  const patches = patchCount(config.image);
  const { channels, groups } = config.codebook;
  const side = (config.image.size / config.image.patch) * 2 ** (groups - 1); // one visual token per patch
  const count = Math.round(hiddenPatches * patches);
  const hidden = new Float32Array(batch * patches);
  const positions = new Int32Array(batch * count);
  for (let row = 0; row < batch; row++) {
    hidden.fill(1, row * patches, row * patches + count);
    for (let i = 0; i < count; i++) positions[row * count + i] = row * patches + i;
  }
  return {
    pixels: randomImages(config, batch),
    hidden: given(hidden, batch, patches),
    positions: given(positions, batch * count),
    codebookPixels: given(
      randomNumbers(batch * channels * side ** 2, 0.1, 0.9),
      batch,
      channels,
      side,
      side,
    ),
  };
}

/** The first tokens of each text are masked. There is room for the masked tokens of unpadded texts. */
function maskedTexts(ids: Given, texts: Texts): MaskedTexts<Given> {
  const { lengths, padded } = texts;
  const masked = Int32Array.from(ids.values);
  const places = lengths.flatMap((length, row) =>
    Array.from({ length: Math.round(hiddenTokens * length) }, (_, token) => row * padded + token),
  );
  const room = Math.ceil(hiddenTokens * masked.length);
  const positions = new Int32Array(room).fill(-1);
  const labels = new Int32Array(room);
  for (const [index, place] of places.entries()) {
    positions[index] = place;
    labels[index] = masked[place]!;
    masked[place] = maskToken;
  }
  return {
    maskedIds: given(masked, ...ids.shape),
    lengths: lengthsOf(texts),
    targets: { positions: given(positions, room), labels: given(labels, room) },
  };
}
