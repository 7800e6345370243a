import type { Tensor } from "../graph/tensor.js";
import { encodeText } from "../model/text-encoder.js";
import type { TextBatch } from "./batch.js";
import { maskedLoss, present } from "./masked.js";
import { type TracedModel, stackOptions } from "./model.js";

/** Masked language modelling on unpaired text (flava.md 3.5): the loss, float32 []. */
export function maskedText(model: TracedModel, { maskedIds, lengths, targets }: TextBatch): Tensor {
  const { flava, heads } = model.parameters;
  const { sequence } = encodeText(
    flava.text,
    { ids: maskedIds, lengths },
    stackOptions(model, "text"),
  );
  return maskedLoss(model, heads.mlm, sequence, targets, present(targets.positions));
}
