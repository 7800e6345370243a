/** The order in which nodes run. */
import { placeholderOf } from "./placeholder.js";
import { windowBytes } from "./divided.js";
import { gatheredFrom, withLate } from "./late.js";
import { ancestors, viewed } from "./order.js";
import type { Node, Tensor } from "./tensor.js";

/** Results of at most this many bytes are computed early, to free their inputs. */
const smallBytes = 1024;

/**
 * Orders the nodes behind `roots`: inputs before users, readers of state before the update that overwrites it,
 * otherwise as traced, except that updates, collective operations and small results run as early as possible. Thus a gradient is
 * consumed as soon as it is complete, and its memory is reused for the next one. Collective operations are started as traced: all
 * processes trace them in the same order, even if they compute different things in between. Late ones are added at the end.
 */
export function schedule(roots: readonly Tensor[]): Node[] {
  const all = ancestors(roots);
  const late = all.filter(({ op }) => op.late);
  const nodes = late.length > 0 ? all.filter(({ op }) => !op.late) : all;
  const { followers, waiting, due } = dependencies(nodes);
  const ordered: Node[] = [];
  const ready = new ReadyNodes((node) => {
    const readers = followers.get(node) ?? [];
    const place = node.op.awaits ? Math.min(...readers.map(({ id }) => id - 0.5)) : node.id;
    return { node, rank: rank(node, readers, due), place };
  });
  for (const node of nodes) if (waiting.get(node) === 0) ready.push(node);
  for (let node = ready.pop(); node; node = ready.pop()) {
    ordered.push(node);
    for (const follower of followers.get(node) ?? []) {
      const left = (waiting.get(follower) ?? 0) - 1;
      waiting.set(follower, left);
      if (left === 0) ready.push(follower);
    }
  }
  if (ordered.length !== nodes.length) {
    throw new Error(
      "A state tensor is read after the update that overwrites it; read the update's result instead.",
    );
  }
  return late.length > 0 ? withLate(ordered, late) : ordered;
}

/**
 * Updates go first, since they free a gradient, and so do collective operations, which then go on while others compute; next
 * small results, then everything else. Collective operations are waited for when they are due, or else in the place of their first
 * reader: if what comes after it were run before, the backward pass would recompute all values at once.
 */
function rank(node: Node, readers: readonly Node[], due: ReadonlySet<Node>): number {
  if (node.op.awaits) return due.has(node) ? 0 : 2;
  if (node.op.update || node.op.collective) return 0;
  const isSmall = node.outputs.every((output) => output.bytes <= smallBytes);
  return node.op.view || isSmall || shrinksForUpdates(node, readers) ? 1 : 2;
}

/** Whether it may free a larger input, as it alone stands between that and an update: a range of a value that is written. */
function shrinksForUpdates({ inputs, outputs }: Node, readers: readonly Node[]): boolean {
  const bytes = (tensors: readonly Tensor[]): number =>
    tensors.reduce((sum, tensor) => sum + tensor.bytes, 0);
  return (
    readers.length > 0 && readers.every(({ op }) => op.update) && bytes(outputs) < bytes(inputs)
  );
}

interface Dependencies {
  readonly followers: ReadonlyMap<Node, readonly Node[]>;
  readonly waiting: Map<Node, number>;
  /** Nodes that wait as soon as they may. */
  readonly due: ReadonlySet<Node>;
}

function dependencies(nodes: readonly Node[]): Dependencies {
  const followers = new Map<Node, Node[]>();
  const waiting = new Map<Node, number>(nodes.map((node) => [node, 0]));
  const order = (before: Node, after: Node): void => {
    const list = followers.get(before);
    if (list) list.push(after);
    else followers.set(before, [after]);
    waiting.set(after, (waiting.get(after) ?? 0) + 1);
  };
  const exchanges = nodes.filter((node) => node.op.collective !== undefined);
  for (const [index, next] of exchanges.slice(1).entries()) order(exchanges[index]!, next);
  const due = dueWaits(nodes);
  for (const [wait, causes] of due) for (const cause of causes) order(cause, wait);
  const readers = readersOfState(nodes);
  for (const node of nodes) {
    const before = new Set(node.inputs.map((tensor) => tensor.node));
    for (const input of before) if (!input.op.late) order(input, node);
    for (const target of overwritten(node)) {
      for (const reader of readers.get(target) ?? []) order(reader, node);
    }
  }
  return { followers, waiting, due: new Set(due.keys()) };
}

/**
 * The waits of exchanges that give ranges of their tensors, whose memory is free again after them, with the nodes after which they are
 * due: those of the next exchange that would make more than `windowBytes` be under way.
 */
function dueWaits(nodes: readonly Node[]): Map<Node, readonly Node[]> {
  const waits = nodes.filter(({ op, attributes }) => op.awaits && attributes.lengths !== undefined);
  const tensorsOf = (wait: Node): readonly Tensor[] => wait.inputs.slice(1);
  const bytesOf = (wait: Node): number =>
    tensorsOf(wait).reduce((sum, tensor) => sum + tensor.bytes, 0);
  const most = windowBytes(waits.flatMap(tensorsOf));
  const due = new Map<Node, readonly Node[]>();
  let [bytes, first] = [0, 0]; // of those from `first` on, which are not due yet
  for (const [index, wait] of waits.entries()) {
    bytes += bytesOf(wait);
    for (; first < index && bytes > most; first++) {
      const [start] = wait.inputs as [Tensor];
      due.set(
        waits[first]!,
        start.node.inputs.map(({ node }) => node),
      );
      bytes -= bytesOf(waits[first]!);
    }
  }
  return due;
}

/** The tensors that `node` overwrites: state, or what earlier updates left there. */
export function overwritten(node: Node): Tensor[] {
  if (!node.op.update) return [];
  const pairs = node.op.inPlace?.(node.attributes, node.inputs) ?? [];
  return pairs.map(([, input]) => viewed(node.inputs[input]!));
}

function readersOfState(nodes: readonly Node[]): Map<Tensor, Node[]> {
  const readers = new Map<Tensor, Node[]>();
  for (const node of nodes) {
    if (node.op.view) continue;
    // Several updates of one tensor are ordered by their dependencies.
    const own = new Set(overwritten(node));
    for (const input of node.inputs) {
      const whole = viewed(input);
      const shown = whole.node.op.late ? viewed(gatheredFrom(whole)) : whole;
      const isState = shown.node.op.update ?? placeholderOf(shown)?.source === "state";
      if (!isState || own.has(shown)) continue;
      const list = readers.get(shown);
      if (list) list.push(node);
      else readers.set(shown, [node]);
    }
  }
  return readers;
}

interface ReadyNode {
  readonly node: Node;
  readonly rank: number;
  /** In the order of tracing. */
  readonly place: number;
}

/** A heap of the nodes that are ready: by rank, then by place. */
class ReadyNodes {
  readonly #items: ReadyNode[] = [];

  constructor(private readonly placed: (node: Node) => ReadyNode) {}

  push(node: Node): void {
    const items = this.#items;
    const added = this.placed(node);
    let index = items.push(added) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#before(added, items[parent])) break;
      items[index] = items[parent] ?? added;
      index = parent;
    }
    items[index] = added;
  }

  pop(): Node | undefined {
    const items = this.#items;
    const top = items[0];
    const last = items.pop();
    if (!top || !last || items.length === 0) return top?.node;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (this.#before(items[child + 1], items[child])) child++;
      const lower = items[child];
      if (!lower || !this.#before(lower, last)) break;
      items[index] = lower;
      index = child;
    }
    items[index] = last;
    return top.node;
  }

  #before(a: ReadyNode | undefined, b: ReadyNode | undefined): boolean {
    if (!a || !b) return false;
    return a.rank < b.rank || (a.rank === b.rank && a.place < b.place);
  }
}
