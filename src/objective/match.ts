import { softmaxCrossEntropy } from "../graph/ops/cross-entropy.js";
import { fill } from "../graph/ops/broadcast.js";
import { cast } from "../graph/ops/elementwise.js";
import { mean } from "../graph/ops/reduce.js";
import type { Tensor } from "../graph/tensor.js";
import { matchLogits } from "../model/heads.js";
import type { TracedModel } from "./model.js";

/** Image-text matching over all pairs (flava.md 3.6): multimodal sequence [B, L, D], match float32 [B] -> float32 []. */
export function matching(model: TracedModel, sequence: Tensor, match: Tensor): Tensor {
  const logits = matchLogits(model.parameters.heads.itm, sequence, model.precision);
  return mean(softmaxCrossEntropy(logits, cast(match, "int32"), fill(match.shape, 1)));
}
