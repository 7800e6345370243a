import type { Tensor } from "../graph/tensor.js";
import { embed } from "../model/flava.js";
import { encodeImage } from "../model/image-encoder.js";
import { encodePair, patchesOf, textOf } from "../model/multimodal-encoder.js";
import { encodeText } from "../model/text-encoder.js";
import type { PairBatch } from "./batch.js";
import { contrastive } from "./contrastive.js";
import { imageTargets } from "./masked-image.js";
import { matchedRows, maskedLoss, weightsAt } from "./masked.js";
import { matching } from "./match.js";
import { type TracedModel, stackOptions } from "./model.js";

/** The objectives of a pair batch: the losses by name, float32 [] each. */
export interface PairLosses {
  readonly contrastive: Tensor;
  readonly itm: Tensor;
  readonly mmmImage: Tensor;
  readonly mmmText: Tensor;
}

/**
 * The four objectives of pairs (flava.md 3.1): the contrastive loss reads the plain pass, the others the masked pass,
 * so that both encoders run twice.
 */
export function pairLosses(model: TracedModel, batch: PairBatch): PairLosses {
  const rows = matchedRows(batch.match);
  return {
    contrastive: contrastiveLoss(model, batch, rows),
    ...maskedPairLosses(model, batch, rows),
  };
}

/** The contrastive loss alone, from the plain pass. */
export function contrastiveLoss(model: TracedModel, batch: PairBatch, rows: Tensor): Tensor {
  const { config, parameters, precision } = model;
  const { image, text, imageProjection, textProjection } = parameters.flava;
  const { pixels, ids, lengths } = batch;
  const pictures = encodeImage(image, config.image, { pixels }, stackOptions(model, "image"));
  const texts = encodeText(text, { ids, lengths }, stackOptions(model, "text"));
  return contrastive(
    model,
    embed(imageProjection, pictures, precision),
    embed(textProjection, texts, precision),
    rows,
  );
}

/** Matching and masked multimodal modelling, from the masked pass. */
function maskedPairLosses(
  model: TracedModel,
  batch: PairBatch,
  rows: Tensor,
): Omit<PairLosses, "contrastive"> {
  const { config, parameters } = model;
  const { flava, heads } = parameters;
  const { maskedIds, lengths, targets } = batch;
  const image = encodeImage(flava.image, config.image, batch, stackOptions(model, "image"));
  const text = encodeText(flava.text, { ids: maskedIds, lengths }, stackOptions(model, "text"));
  const visible = config.maskPadding ? lengths : undefined;
  const { sequence } = encodePair(
    flava.multimodal,
    image,
    text,
    stackOptions(model, "multimodal"),
    visible,
  );
  const [, length = 0] = maskedIds.shape;
  const [, patches = 0] = batch.hidden.shape;
  const pictureTargets = imageTargets(model, batch);
  return {
    itm: matching(model, sequence, batch.match),
    mmmImage: maskedLoss(
      model,
      heads.mmmImage,
      patchesOf(sequence, patches),
      pictureTargets,
      weightsAt(rows, patches, pictureTargets.positions),
    ),
    mmmText: maskedLoss(
      model,
      heads.mmmText,
      textOf(sequence, length),
      targets,
      weightsAt(rows, length, targets.positions),
    ),
  };
}
