import { encodeTexts } from "../model/traced-model.js";
import type { TextBatch } from "../data/batch/batch.js";
import { type Objective, maskedPrediction, present } from "./masked.js";
import type { PretrainingModel } from "./model.js";

/** Masked language modeling on unpaired text (flava.md 3.5). */
export function maskedText(
  model: PretrainingModel,
  { maskedIds, lengths, targets }: TextBatch,
): Objective {
  const { sequence } = encodeTexts(model, { ids: maskedIds, lengths });
  const head = model.parameters.heads.mlm;
  return maskedPrediction(model, head, sequence, targets, present(targets.positions));
}
