/** Where a program gathers divided state: ahead of its use, but not too much of it at a time. */
import { windowBytes } from "./divided.js";
import { viewed } from "./order.js";
import type { Node, Tensor } from "./tensor.js";

/** One gathering: the node that starts it, the one that waits for it, and when its result is read first. */
interface Gathering {
  readonly start: Node;
  readonly wait: Node;
  readonly whole: Tensor;
  readonly firstRead: number;
}

/**
 * Adds late nodes to the others, whose order stays: each waits right before its result is read first. It is started when an earlier one
 * is read, so that it goes on meanwhile: so early that the bytes of those that are under way stay below `windowBytes`, but at
 * least while the one before it is read.
 */
export function withLate(others: readonly Node[], late: readonly Node[]): Node[] {
  const gatherings = gatheringsOf(others, late);
  const wholes = new Map(gatherings.map(({ start, whole }) => [start.inputs[0], whole]));
  const ahead = windowBytes(wholes.values());
  const added = Array.from({ length: others.length + 1 }, (): Node[] => []);
  let [bytes, first] = [0, 0]; // of those from `first` on, which fit in the window
  for (const [index, { start, whole, wait, firstRead }] of gatherings.entries()) {
    bytes += whole.bytes;
    while (first < index && bytes > ahead) bytes -= gatherings[first++]!.whole.bytes;
    const before = gatherings[Math.min(first, index) - 1];
    added[before?.firstRead ?? 0]!.push(start);
    added[firstRead]!.push(wait);
  }
  return [...others.flatMap((node, index) => [...added[index]!, node]), ...added.at(-1)!];
}

/** In the order in which their results are read. */
function gatheringsOf(others: readonly Node[], late: readonly Node[]): Gathering[] {
  const firstRead = new Map<Tensor, number>();
  for (const [index, node] of others.entries()) {
    if (node.op.view) continue;
    for (const input of node.inputs) {
      const shown = viewed(input);
      if (shown.node.op.late && !firstRead.has(shown)) firstRead.set(shown, index);
    }
  }
  return late
    .filter(({ op }) => op.awaits)
    .map((wait) => {
      const [whole] = wait.outputs as [Tensor];
      const start = wait.inputs[0]!.node;
      return { start, wait, whole, firstRead: firstRead.get(whole) ?? others.length };
    })
    .sort((a, b) => a.firstRead - b.firstRead);
}

/** The state that a late result is gathered from. */
export function gatheredFrom({ node, index }: Tensor): Tensor {
  return node.inputs[index + 1]!.node.inputs[index]!;
}
