import { encodeTexts } from "../model/traced-model.js";
import type { TextBatch } from "../data/batch/batch.js";
import { type Objective, maskedPrediction, present } from "./masked.js";
import type { PretrainingModel } from "./model.js";

/** Masked language modeling on unpaired text (flava.md 3.5). */
export function maskedText(
  model: PretrainingModel,
  { maskedIds, lengths, targets }: TextBatch,
): Objective {
  const { positions, labels } = targets;
  const { sequence } = encodeTexts(model, { ids: maskedIds, lengths }, { keepRows: positions });
  const head = model.parameters.heads.mlm;
  return maskedPrediction(model, head, sequence, labels, present(positions));
}
