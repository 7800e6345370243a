import type { Tensor } from "../graph/tensor.js";
import type { Encoded } from "../model/encoded.js";
import { embed } from "../model/flava.js";
import { encodeImage } from "../model/image-encoder.js";
import { encodePair, patchesOf, textOf } from "../model/multimodal-encoder.js";
import { encodeText } from "../model/text-encoder.js";
import type { PairBatch, Targets } from "../data/batch.js";
import { contrastive } from "./contrastive.js";
import { imageTargets } from "./masked-image.js";
import { type Objective, matchedRows, maskedPrediction, weightsAt } from "./masked.js";
import { matching } from "./match.js";
import { type TracedModel, stackOptions } from "./model.js";

export interface PairObjectives {
  /** The contrastive loss is of a whole batch, and has no right answers to count. */
  readonly contrastive: Pick<Objective, "loss">;
  readonly itm: Objective;
  readonly mmmImage: Objective;
  readonly mmmText: Objective;
}

/**
 * The four objectives of pairs (flava.md 3.1): the contrastive loss reads the plain pass, the others the masked pass,
 * so that both encoders run twice.
 *
 * Of the plain pass only the class tokens are read, so that its last blocks compute no others.
 *
 * The order of tracing is the order of running, and the backward pass runs the other way: the codebook first, so that its
 * wide feature maps are gone before activations pile up; both passes of an encoder next to each other, so that its
 * gradients are complete, used and forgotten before the other encoder's begin; and pictures last, so that their many
 * activations are gone when the texts' gradients come.
 */
export function pairObjectives(model: TracedModel, batch: PairBatch): PairObjectives {
  const { config, parameters, precision } = model;
  const { image, text, imageProjection, textProjection } = parameters.flava;
  const { pixels, ids, maskedIds, lengths } = batch;
  const pictureTargets = imageTargets(model, batch);
  const texts = encodeText(text, { ids, lengths }, { ...stackOptions(model, "text"), wanted: 1 });
  const maskedTexts = encodeText(text, { ids: maskedIds, lengths }, stackOptions(model, "text"));
  const images = stackOptions(model, "image");
  const pictures = encodeImage(image, config.image, { pixels }, { ...images, wanted: 1 });
  const maskedPictures = encodeImage(image, config.image, batch, images);
  const rows = matchedRows(batch.match);
  const pictureEmbeddings = embed(imageProjection, pictures, precision);
  const textEmbeddings = embed(textProjection, texts, precision);
  return {
    contrastive: { loss: contrastive(model, pictureEmbeddings, textEmbeddings, rows) },
    ...multimodalObjectives(model, batch, rows, pictureTargets, maskedPictures, maskedTexts),
  };
}

/** Matching and masked multimodal modelling, from the masked pass. */
function multimodalObjectives(
  model: TracedModel,
  batch: PairBatch,
  rows: Tensor,
  pictureTargets: Targets,
  pictures: Encoded,
  texts: Encoded,
): Omit<PairObjectives, "contrastive"> {
  const { config, parameters } = model;
  const { flava, heads } = parameters;
  const visible = config.maskPadding ? batch.lengths : undefined;
  const options = stackOptions(model, "multimodal");
  const { sequence } = encodePair(flava.multimodal, pictures, texts, options, visible);
  const [, length = 0] = batch.maskedIds.shape;
  const [, patches = 0] = batch.hidden.shape;
  const imageWeights = weightsAt(rows, patches, pictureTargets.positions);
  const textWeights = weightsAt(rows, length, batch.targets.positions);
  const imageRows = patchesOf(sequence, patches);
  const textRows = textOf(sequence, length);
  return {
    itm: matching(model, sequence, batch.match),
    mmmImage: maskedPrediction(model, heads.mmmImage, imageRows, pictureTargets, imageWeights),
    mmmText: maskedPrediction(model, heads.mmmText, textRows, batch.targets, textWeights),
  };
}
