import { encodeText } from "../model/text-encoder.js";
import type { TextBatch } from "../data/batch/batch.js";
import { type Objective, maskedPrediction, present } from "./masked.js";
import { type TracedModel, stackOptions } from "./model.js";

/** Masked language modeling on unpaired text (flava.md 3.5). */
export function maskedText(
  model: TracedModel,
  { maskedIds, lengths, targets }: TextBatch,
): Objective {
  const { flava, heads } = model.parameters;
  const { sequence } = encodeText(
    flava.text,
    { ids: maskedIds, lengths },
    stackOptions(model, "text"),
  );
  return maskedPrediction(model, heads.mlm, sequence, targets, present(targets.positions));
}
