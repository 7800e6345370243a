import { ancestors } from "./order.js";
import { placeholderOf } from "./placeholder.js";
import { overwritten } from "./schedule.js";
import type { Node, Tensor } from "./tensor.js";

/**
 * The nodes whose results are the same in every run until the state is written from outside: those that depend, through
 * at least one operation, on nothing but state that the program itself does not update.
 */
export function constantNodes(roots: readonly Tensor[]): Set<Node> {
  const nodes = ancestors(roots);
  const updated = new Set(nodes.flatMap(overwritten));
  const unchanging = new Set<Tensor>();
  const constant = new Set<Node>();
  for (const node of nodes) {
    const [first] = node.outputs as readonly [Tensor];
    const held = placeholderOf(first);
    if (held) {
      if (held.source !== "input" && !updated.has(first)) unchanging.add(first);
      continue;
    }
    if (node.inputs.length === 0 || node.op.update || node.op.collective) continue;
    if (!node.inputs.every((input) => unchanging.has(input))) continue;
    constant.add(node);
    for (const output of node.outputs) unchanging.add(output);
  }
  return constant;
}
