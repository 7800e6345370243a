/** The loss of fine-tuning, as minimized by an optimizer step. */
import { type Values, partOf } from "../../backend/values.js";
import { mapTree } from "../../base/tree.js";
import {
  type LabeledTensors,
  type TaskSizes,
  labeledSpecs,
} from "../../data/labeled/labeled-batch.js";
import { multiply } from "../../graph/ops/arithmetic.js";
import type { Tensor, TensorSpec } from "../../graph/tensor.js";
import type { Task } from "../../model/task.js";
import { type FlavaForTask, taskOutputs } from "../../model/task-model.js";
import type { TracedModel } from "../../model/traced-model.js";
import { taskLoss } from "../../objective/task.js";
import type { Loss } from "../step/loss.js";
import { samplesOfPart } from "./micro-batches.js";

type Parameters = FlavaForTask<Tensor>;
type Inputs = LabeledTensors<TensorSpec>;

export interface FinetuningLossOptions extends Omit<TracedModel, "parameters"> {
  readonly task: Pick<Task, "encoder" | "labels">;
}

/** The loss of a batch of these sizes: a mean over its samples, so micro-batches have equal shares. */
export function finetuningLoss(
  sizes: TaskSizes,
  { task: { encoder, labels }, ...model }: FinetuningLossOptions,
): Loss<Parameters, Inputs> {
  const lossOf = (parameters: Parameters, { target, ...given }: LabeledTensors<Tensor>): Tensor =>
    taskLoss(labels.kind, taskOutputs({ ...model, parameters }, encoder, given), target);
  return {
    inputs: labeledSpecs(sizes, labels),
    trace: (parameters, given) => {
      const loss = lossOf(parameters, given);
      return { total: loss, scalars: { loss } };
    },
    split: (count) => {
      const samples = samplesOfPart(sizes.samples, count);
      return {
        inputs: labeledSpecs({ ...sizes, samples }, labels),
        cut: (values) =>
          Array.from({ length: count }, (_, index) =>
            mapTree(values, (whole: Values) => partOf(whole, index, count)),
          ),
        counts: () => ({ samples }),
        shareNames: ["loss"],
        shares: (own, all) => ({ loss: own.samples! / all.samples! }),
        trace: (parameters, given, shares) => {
          const loss = multiply(lossOf(parameters, given), shares.loss!);
          return { total: loss, scalars: { loss } };
        },
      };
    },
  };
}
