import { equal } from "../graph/ops/arithmetic.js";
import { softmaxCrossEntropy } from "../graph/ops/cross-entropy.js";
import { fill } from "../graph/ops/fill.js";
import { cast } from "../graph/ops/cast.js";
import { argmax, mean } from "../graph/ops/reduce.js";
import type { Tensor } from "../graph/tensor.js";
import { matchLogits } from "../model/heads.js";
import type { Objective } from "./masked.js";
import type { PretrainingModel } from "./model.js";

/** Image-text matching over all pairs (flava.md 3.6): multimodal sequence [B, L, D], match float32 [B]. */
export function matching(model: PretrainingModel, sequence: Tensor, match: Tensor): Objective {
  const logits = matchLogits(model.parameters.heads.itm, sequence, model.precision);
  const losses = softmaxCrossEntropy(logits, cast(match, "int32"), fill(match.shape, 1));
  const right = equal(cast(argmax(logits), "float32"), match);
  return { loss: mean(losses), accuracy: mean(right) };
}
