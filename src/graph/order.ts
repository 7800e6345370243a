import type { Node, Tensor } from "./tensor.js";

/** All nodes on which `roots` depend, including their own, in the order of tracing (inputs before users). */
export function ancestors(roots: Iterable<Tensor>): Node[] {
  const found = new Set<Node>();
  const pending = [...roots].map((root) => root.node);
  for (let node = pending.pop(); node; node = pending.pop()) {
    if (found.has(node)) continue;
    found.add(node);
    for (const input of node.inputs) pending.push(input.node);
  }
  return [...found].sort((a, b) => a.id - b.id);
}

/** The tensor whose memory `tensor` uses: itself, unless it is a view. */
export function viewed(tensor: Tensor): Tensor {
  let shown = tensor;
  while (shown.node.op.view) shown = shown.node.inputs[0]!;
  return shown;
}

/** How often each tensor is read by `nodes`. */
export function useCounts(nodes: Iterable<Node>): Map<Tensor, number> {
  const counts = new Map<Tensor, number>();
  for (const node of nodes) {
    for (const input of node.inputs) counts.set(input, (counts.get(input) ?? 0) + 1);
  }
  return counts;
}
