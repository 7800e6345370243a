import { ancestors } from "./order.js";
import { placeholderOf } from "./placeholder.js";
import { overwritten } from "./schedule.js";
import type { Tensor } from "./tensor.js";

/**
 * The tensors behind `roots` that do not change between runs until the state is written from outside: constants, state
 * that the program itself does not update, and everything that depends only on these.
 */
export function constantTensors(roots: readonly Tensor[]): Set<Tensor> {
  const nodes = ancestors(roots);
  const updated = new Set(nodes.flatMap(overwritten));
  const constant = new Set<Tensor>();
  for (const node of nodes) {
    const [first] = node.outputs;
    const held = first && placeholderOf(first);
    const computed = node.inputs.length > 0 && !node.op.update && !node.op.collective;
    const unchanging = held
      ? held.source !== "input" && !updated.has(first)
      : computed && node.inputs.every((input) => constant.has(input));
    if (unchanging) for (const output of node.outputs) constant.add(output);
  }
  return constant;
}
