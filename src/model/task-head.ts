/** Heads for fine-tuning (flava.md 5.3 and 8.3), which read the first token of a sequence. */
import { gelu } from "../graph/ops/elementwise.js";
import type { Tensor } from "../graph/tensor.js";
import { type Linear, exactLinear, linearParameters } from "../nn/linear.js";
import type { Parameter } from "../nn/parameter.js";
import type { Precision } from "../nn/precision.js";
import { tokenAt } from "./encoded.js";

/** A linear layer to the classes of a task, or to a single output for regression (STS-B). */
export interface TaskHead<T> {
  /** An additional layer with GELU before the last one: VQAv2, SNLI-VE, Hateful Memes. */
  readonly hidden?: Linear<T>;
  /** [outputs, D], or [outputs, hidden] after a hidden layer. */
  readonly output: Linear<T>;
}

/** Hidden width of the two-layer head in the paper. */
export const taskHeadHidden = 1536;

/** A head of one layer, or of two if a hidden width is given. */
export function taskHeadParameters(
  width: number,
  outputs: number,
  hidden?: number,
): TaskHead<Parameter> {
  if (hidden === undefined) return { output: linearParameters(width, outputs) };
  return { hidden: linearParameters(width, hidden), output: linearParameters(hidden, outputs) };
}

/** Scores for a task: sequence [B, L, D] from any encoder -> float32 [B, outputs]. */
export function taskScores(head: TaskHead<Tensor>, sequence: Tensor, precision: Precision): Tensor {
  const first = tokenAt(sequence, 0); // [B, D]
  const read = head.hidden ? gelu(exactLinear(head.hidden, first, precision)) : first;
  return exactLinear(head.output, read, precision);
}
