/** The losses of fine-tuning (flava.md 8.3): float32 [] each, means over the samples of a batch. */
import { add, maximum, multiply, negate, subtract } from "../graph/ops/arithmetic.js";
import { affine } from "../graph/ops/affine.js";
import { sum } from "../graph/ops/broadcast.js";
import { softmaxCrossEntropy } from "../graph/ops/cross-entropy.js";
import { absolute, exp, log } from "../graph/ops/elementwise.js";
import { fill } from "../graph/ops/fill.js";
import { mean } from "../graph/ops/reduce.js";
import { reshape } from "../graph/ops/reshape.js";
import type { Tensor } from "../graph/tensor.js";
import type { TargetKind } from "../data/labeled/labels.js";

/**
 * The loss of a head's scores, float32 [B, C]:
 * - class: cross entropy with the classes, int32 [B];
 * - scores: binary cross entropy with soft targets float32 [B, C], summed over the answers, as in MMF;
 * - value: squared error of the scores [B, 1], with standardized values float32 [B].
 */
export function taskLoss(kind: TargetKind, scores: Tensor, target: Tensor): Tensor {
  switch (kind) {
    case "class":
      return mean(softmaxCrossEntropy(scores, target, fill(target.shape, 1)));
    case "scores":
      return mean(sum(binaryCrossEntropy(scores, target), [1]));
    case "value": {
      const error = subtract(reshape(scores, target.shape), target);
      return mean(multiply(error, error));
    }
  }
}

/** -t log σ(x) - (1 - t) log(1 - σ(x)), element by element, without overflow: max(x, 0) - x t + log(1 + exp(-|x|)). */
function binaryCrossEntropy(x: Tensor, t: Tensor): Tensor {
  const softened = log(affine(exp(negate(absolute(x))), 1, 1));
  return add(subtract(maximum(x, 0), multiply(x, t)), softened);
}
