/** The losses of each kind of batch (flava.md 3.1 and 3.7). */
import { add } from "../graph/ops/arithmetic.js";
import { affine } from "../graph/ops/affine.js";
import type { Tensor } from "../graph/tensor.js";
import type { Batch } from "../data/batch/batch.js";
import { type MaskedImageObjective, maskedImage } from "./masked-image.js";
import { maskedText } from "./masked-text.js";
import type { Objective } from "./masked.js";
import type { PretrainingModel } from "./model.js";
import { type ContrastiveObjective, pairObjectives } from "./pair.js";

/**
 * FLAVA's six losses (flava.md 3): masked image, masked language, contrastive, image-text matching, and masked multimodal
 * modeling of images and of texts.
 */
export const lossNames = ["mim", "mlm", "contrastive", "itm", "mmmImage", "mmmText"] as const;
/** The name of one of FLAVA's six losses. */
export type LossName = (typeof lossNames)[number];

/** The losses of each kind of batch. */
export const lossesOfKind = {
  pair: ["contrastive", "itm", "mmmImage", "mmmText"],
  image: ["mim"],
  text: ["mlm"],
} as const satisfies Record<Batch["kind"], readonly LossName[]>;

/** What the model is asked for by each loss. */
export const questionOfLoss: Readonly<Record<LossName, string>> = {
  contrastive: "which text is the image's",
  itm: "does the text match the image",
  mmmImage: "hidden patches, text shown",
  mmmText: "hidden words, image shown",
  mim: "hidden patches",
  mlm: "hidden words",
};

/** Weight of each loss in the total; default 1, as in the published code. Losses of weight 0 are not computed. */
export type LossWeights = Readonly<Partial<Record<LossName, number>>>;

/** The objectives of a batch, by name; which there are depends on the kind of the batch. */
export interface Objectives {
  /** Does the text match the image? */
  readonly itm?: Objective;
  /** Hidden words of a text alone. */
  readonly mlm?: Objective;
  /** Hidden words, image shown. */
  readonly mmmText?: Objective;
  /** Hidden patches of an image alone. */
  readonly mim?: MaskedImageObjective;
  /** Hidden patches, text shown. */
  readonly mmmImage?: MaskedImageObjective;
  /** Which text is the image's? */
  readonly contrastive?: ContrastiveObjective;
}

/** The objectives of a batch, by name. Those of pairs share their computation as suits the losses that `weights` count. */
export function objectivesOf(
  model: PretrainingModel,
  batch: Batch,
  weights: LossWeights = {},
): Objectives {
  switch (batch.kind) {
    case "image":
      return { mim: maskedImage(model, batch) };
    case "text":
      return { mlm: maskedText(model, batch) };
    case "pair":
      return { ...pairObjectives(model, batch, readsBothPasses(weights)) };
  }
}

function readsBothPasses({ contrastive, itm, mmmImage, mmmText }: LossWeights): boolean {
  return contrastive !== 0 && [itm, mmmImage, mmmText].some((weight) => weight !== 0);
}

/** The losses of a batch by name, without those of weight 0: float32 [] each. */
export function lossesOf(
  model: PretrainingModel,
  batch: Batch,
  weights: LossWeights = {},
): Partial<Record<LossName, Tensor>> {
  const objectives = counting(objectivesOf(model, batch, weights), weights);
  return Object.fromEntries(Object.entries(objectives).map(([name, { loss }]) => [name, loss]));
}

/** The losses or objectives whose weight is not 0. */
export function counting<L extends Partial<Record<LossName, unknown>>>(
  byLoss: L,
  weights: LossWeights = {},
): Partial<L> {
  return Object.fromEntries(
    Object.entries(byLoss).filter(([name]) => weights[name as LossName] !== 0),
  ) as Partial<L>;
}

/** The weighted sum of losses, which is minimized: float32 []. Weights default to 1. */
export function totalLoss(
  losses: Partial<Record<LossName, Tensor>>,
  weights: LossWeights = {},
): Tensor {
  const terms = lossNames.flatMap((name) => {
    const loss = losses[name];
    const weight = weights[name] ?? 1;
    if (!loss || weight === 0) return [];
    return [weight === 1 ? loss : affine(loss, weight, 0)];
  });
  if (terms.length === 0) throw new Error("There is no loss to minimize: all weights are 0.");
  return terms.reduce(add);
}
