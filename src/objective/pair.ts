import { concatenate } from "../graph/ops/concatenate.js";
import { reshape } from "../graph/ops/reshape.js";
import { slice } from "../graph/ops/slice.js";
import { constant } from "../graph/placeholder.js";
import type { Tensor } from "../graph/tensor.js";
import type { Encoded } from "../model/encoded.js";
import { embed } from "../model/flava.js";
import { encodeImages, encodePairs, encodeTexts } from "../model/traced-model.js";
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

/**
 * The four objectives of pairs (flava.md 3.1): the contrastive loss reads the unmasked pass, the others the masked pass, so
 * both encoders run twice. The unmasked pass needs only class tokens, so its last blocks compute no others.
 *
 * Operations run in the order they are traced, and the backward pass in reverse: the codebook first, so that its wide
 * feature maps are freed before activations accumulate; both passes of an encoder next to each other, so that its
 * gradients are complete, used and freed before those of the other encoder; and images last, so that their many
 * activations are freed before the gradients of the texts.
 */
export function pairObjectives(model: PretrainingModel, batch: PairBatch): PairObjectives {
  const { maskedIds, lengths } = batch;
  const targets = imageTargets(model, batch);
  const texts = embedTexts(model, batch);
  const maskedTexts = encodeTexts(model, { ids: maskedIds, lengths });
  const images = embedImages(model, batch);
  const maskedImages = encodeImages(model, batch);
  const rows = matchedRows(batch.match);
  const loss = contrastive(model, images, texts, rows);
  return {
    contrastive: { loss, embeddings: { images, texts } },
    ...multimodalObjectives(model, batch, rows, targets, maskedImages, maskedTexts),
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
  images: Encoded,
  texts: Encoded,
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
