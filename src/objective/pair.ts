import { concatenate } from "../graph/ops/concatenate.js";
import { fill } from "../graph/ops/fill.js";
import { reshape } from "../graph/ops/reshape.js";
import { slice } from "../graph/ops/slice.js";
import { constant } from "../graph/placeholder.js";
import type { Shape, Tensor } from "../graph/tensor.js";
import { type Encoded, lastState } from "../model/encoded.js";
import { embed } from "../model/flava.js";
import type { ImageEncoder } from "../model/image-encoder.js";
import type { TextEncoder } from "../model/text-encoder.js";
import {
  type EncoderOptions,
  encodeImages,
  encodePairs,
  encodeTexts,
} from "../model/traced-model.js";
import { layerNorm } from "../nn/layer-norm.js";
import type { Linear } from "../nn/linear.js";
import type { PairBatch } from "../data/batch/batch.js";
import { contrastive } from "./contrastive.js";
import {
  type ImageTargets,
  type MaskedImageObjective,
  imageTargets,
  maskedPatches,
} from "./masked-image.js";
import {
  type Objective,
  matchedRows,
  maskedPrediction,
  rowsInSequences,
  weightsAt,
} from "./masked.js";
import { matching } from "./match.js";
import type { PretrainingModel } from "./model.js";

/** The contrastive loss, and what it compares. */
export interface ContrastiveObjective extends Pick<Objective, "loss"> {
  /** The compared embeddings: float32 [B, projection] each. */
  readonly embeddings: { readonly images: Tensor; readonly texts: Tensor };
}

export interface PairObjectives {
  /** A loss of the whole batch, without an accuracy. */
  readonly contrastive: ContrastiveObjective;
  readonly itm: Objective;
  readonly mmmImage: MaskedImageObjective;
  readonly mmmText: Objective;
}

/** The contrastive embeddings of the images, unmasked: float32 [B, projection]. */
export function embedImages(
  model: PretrainingModel,
  { pixels }: Pick<PairBatch, "pixels">,
): Tensor {
  const encoded = encodeImages(model, { pixels }, { keepTokens: 1 });
  return embed(model.parameters.flava.imageProjection, encoded, model.precision);
}

/** The contrastive embeddings of the texts, unmasked: float32 [B, projection]. */
export function embedTexts(
  model: PretrainingModel,
  { ids, lengths }: Pick<PairBatch, "ids" | "lengths">,
): Tensor {
  const encoded = encodeTexts(model, { ids, lengths }, { keepTokens: 1 });
  return embed(model.parameters.flava.textProjection, encoded, model.precision);
}

/** What an encoder makes of a batch. */
interface Passes {
  /** The contrastive embeddings, of the unmasked pass: float32 [B, projection]. */
  readonly embeddings: Tensor;
  /** The masked pass. */
  readonly masked: Pick<Encoded, "states">;
}

/**
 * The four objectives of pairs (flava.md 3.1): the contrastive loss reads the unmasked pass of both encoders, the others the
 * masked pass.
 *
 * Operations run in the order they are traced, and the backward pass in reverse: the codebook first, so that its wide
 * feature maps are freed before activations accumulate; and images last, so that their many activations are freed before
 * the gradients of the texts.
 *
 * @param readsBoth whether losses of both passes are read. They are then computed as one batch of twice the size, so that
 * weights are read, and their gradients summed up, once
 */
export function pairObjectives(
  model: PretrainingModel,
  batch: PairBatch,
  readsBoth: boolean,
): PairObjectives {
  const targets = imageTargets(model, batch);
  const texts = readsBoth ? bothOfTexts(model, batch) : eachOfTexts(model, batch);
  const images = readsBoth ? bothOfImages(model, batch) : eachOfImages(model, batch);
  const rows = matchedRows(batch.match);
  const embeddings = { images: images.embeddings, texts: texts.embeddings };
  const loss = contrastive(model, embeddings.images, embeddings.texts, rows);
  return {
    contrastive: { loss, embeddings },
    ...multimodalObjectives(model, batch, rows, targets, images.masked, texts.masked),
  };
}

function eachOfTexts(model: PretrainingModel, batch: PairBatch): Passes {
  const embeddings = embedTexts(model, batch);
  const { maskedIds: ids, lengths } = batch;
  return { embeddings, masked: encodeTexts(model, { ids, lengths }) };
}

function eachOfImages(model: PretrainingModel, batch: PairBatch): Passes {
  const embeddings = embedImages(model, batch);
  return { embeddings, masked: encodeImages(model, batch) };
}

function bothOfTexts(model: PretrainingModel, { ids, maskedIds, lengths }: PairBatch): Passes {
  const { text, textProjection } = model.parameters.flava;
  const both = {
    ids: concatenate([ids, maskedIds], 0),
    lengths: concatenate([lengths, lengths], 0),
  };
  return inOnePass(model, ids.shape, text, textProjection, (options) =>
    encodeTexts(model, both, options),
  );
}

function bothOfImages(model: PretrainingModel, { pixels, hidden }: PairBatch): Passes {
  const { image, imageProjection } = model.parameters.flava;
  const [count = 0, patches = 0] = hidden.shape;
  const both = {
    pixels: concatenate([pixels, pixels], 0),
    hidden: concatenate([fill(hidden.shape, 0), hidden], 0),
  };
  return inOnePass(model, [count, 1 + patches], image, imageProjection, (options) =>
    encodeImages(model, both, options),
  );
}

/**
 * Both passes of an encoder over sequences [B, L] as one of [2 * B, L], the unmasked ones first. Of these only class tokens
 * are read, so the last block computes no others after its attention.
 */
function inOnePass(
  { config, precision }: PretrainingModel,
  [count = 0, length = 0]: Shape,
  { norm }: Pick<ImageEncoder<Tensor> | TextEncoder<Tensor>, "norm">,
  projection: Linear<Tensor>,
  encode: (options: EncoderOptions) => Encoded,
): Passes {
  const rows = Int32Array.from({ length: count + count * length }, (_, index) =>
    index < count ? index * length : count * length + (index - count),
  );
  const last = lastState(encode({ keepRows: constant(rows, [rows.length]) }));
  const [first, others] = inTurn(last, [count, count * length]) as [Tensor, Tensor];
  const unmasked = reshape(first, [count, 1, -1]);
  const sequence = layerNorm(norm, unmasked, config.epsilon, "float32");
  return {
    embeddings: embed(projection, { sequence }, precision),
    masked: { states: [reshape(others, [count, length, -1])] },
  };
}

/**
 * Matching and masked multimodal modeling, from the masked pass, whose last block computes what they read alone: the class
 * tokens, the hidden patches and the hidden words.
 */
function multimodalObjectives(
  model: PretrainingModel,
  batch: PairBatch,
  rows: Tensor,
  targets: ImageTargets,
  images: Passes["masked"],
  texts: Passes["masked"],
): Omit<PairObjectives, "contrastive"> {
  const { heads } = model.parameters;
  const [count = 0, length = 0] = batch.maskedIds.shape;
  const [, patches = 0] = batch.hidden.shape;
  const total = 2 + patches + length;
  const classRows = constant(
    Int32Array.from({ length: count }, (_, sample) => sample * total),
    [count],
  );
  const read = [
    classRows,
    rowsInSequences(targets.positions, [count, patches], 2, total),
    rowsInSequences(batch.targets.positions, [count, length], 2 + patches, total),
  ];
  const keepRows = concatenate(read, 0);
  const { sequence } = encodePairs(model, images, texts, batch.lengths, { keepRows });
  const sizes = read.map(({ size }) => size);
  const [classTokens, imageRows, textRows] = inTurn(sequence, sizes) as [Tensor, Tensor, Tensor];
  const imageWeights = weightsAt(rows, patches, targets.positions);
  const textWeights = weightsAt(rows, length, batch.targets.positions);
  const { labels } = batch.targets;
  return {
    itm: matching(model, reshape(classTokens, [count, 1, -1]), batch.match),
    mmmImage: maskedPatches(model, heads.mmmImage, imageRows, targets, imageWeights),
    mmmText: maskedPrediction(model, heads.mmmText, textRows, labels, textWeights),
  };
}

/** The first rows of x [R, D], those that follow, and so on: as many as `sizes` say. */
function inTurn(x: Tensor, sizes: readonly number[]): Tensor[] {
  let end = 0;
  return sizes.map((size) => slice(x, 0, end, (end += size)));
}
