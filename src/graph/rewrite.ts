import { inScopeOf, reapply } from "./trace.js";
import { ancestors } from "./order.js";
import type { Node, Tensor } from "./tensor.js";

/** Returns replacements of the results of `node`, or undefined to keep the node with its rewritten inputs. */
export type RewriteRule = (
  node: Node,
  inputs: readonly Tensor[],
  replace: (old: Tensor, replacement: Tensor) => void,
) => readonly Tensor[] | undefined;

/**
 * Retraces the graph of `roots` in order, applying `rule` to every node; nodes that are no longer needed are dropped. A
 * rule may also `replace` an earlier tensor for the nodes that follow.
 */
export function rewrite(roots: readonly Tensor[], rule: RewriteRule): Tensor[] {
  const replaced = new Map<Tensor, Tensor>();
  const current = (tensor: Tensor): Tensor => replaced.get(tensor) ?? tensor;
  for (const node of ancestors(roots)) {
    if (node.inputs.length === 0) continue; // Placeholders and constants stay as they are.
    const inputs = node.inputs.map(current);
    const results =
      inScopeOf(node, () => rule(node, inputs, (old, by) => replaced.set(old, by))) ??
      reapply(node, inputs);
    for (const [index, output] of node.outputs.entries()) {
      replaced.set(output, results[index] ?? output);
    }
  }
  return roots.map(current);
}
