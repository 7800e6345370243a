import { type Block, type MemoryLayout, aligned, placeBlocks, withinBuffer } from "./arena.js";
import { Origins } from "./origin.js";
import { placeholderOf } from "./placeholder.js";
import { viewed } from "./order.js";
import { type Node, type Tensor, TensorSpec } from "./tensor.js";

/**
 * Location of a tensor: in the arena, in memory that the program prepares once for itself, in the state, or in memory
 * that programs on the same state prepare together.
 */
export type Place =
  { readonly kind: "arena" | "prepared"; readonly offset: number } | PersistentPlace;

/** The place of a whole tensor that outlives a program. */
export type PersistentPlace =
  | { readonly kind: "state"; readonly path: string }
  | { readonly kind: "shared"; readonly origin: string };

export interface PlacedTensor {
  readonly spec: TensorSpec;
  readonly place: Place;
}

/** Assigns a location to every tensor. */
export class Layout {
  readonly arenaBytes: number;
  readonly preparedBytes: number;
  /** Results of the preparing nodes that later ones read. */
  readonly kept: readonly Tensor[];
  /** Those of them that are computed from state alone, by origin. */
  readonly shared: ReadonlyMap<string, TensorSpec>;
  readonly #blocks = new Map<Tensor, Block>();
  readonly #prepared = new Map<Tensor, Place>();

  /** @param given the inputs and constants that the nodes or outputs read */
  constructor(
    nodes: readonly Node[],
    preparing: number,
    outputs: readonly Tensor[],
    readonly given: ReadonlySet<Tensor>,
    private readonly memory: MemoryLayout,
  ) {
    const lastUse = lastUses(nodes, outputs);
    const constants = [...given].filter((tensor) => placeholderOf(tensor)?.source === "constant");
    const prepared = nodes.slice(0, preparing).flatMap((node) => node.outputs);
    this.kept = prepared.filter((tensor) => (lastUse.get(tensor) ?? 0) >= preparing);
    this.shared = this.#placeShared(this.kept);
    const own = this.kept.filter((tensor) => !this.#prepared.has(tensor));
    this.preparedBytes = this.#placePrepared([...constants, ...own]);
    const blocks: Block[] = [];
    const open = (tensor: Tensor, first: number): void => {
      const block = { bytes: tensor.bytes, first, last: lastUse.get(tensor) ?? first, offset: 0 };
      this.#blocks.set(tensor, block);
      blocks.push(block);
    };
    for (const tensor of given) if (!this.#prepared.has(tensor)) open(tensor, -1);
    for (const [index, node] of nodes.entries()) {
      for (const output of node.outputs) {
        if (homeOf(output) !== output || this.#prepared.has(output)) continue;
        const reused = this.#reusable(node, output, index);
        if (reused) {
          reused.last = Math.max(index, lastUse.get(output) ?? index);
          this.#blocks.set(output, reused);
        } else open(output, index);
      }
    }
    this.arenaBytes = placeBlocks(blocks, memory);
  }

  place(tensor: Tensor): PlacedTensor {
    const spec = new TensorSpec(tensor.shape, tensor.dtype);
    const home = homeOf(tensor);
    const holder = placeholderOf(home);
    if (holder?.source === "state") {
      return { spec, place: { kind: "state", path: holder.path } };
    }
    const prepared = this.#prepared.get(home);
    if (prepared) return { spec, place: prepared };
    const block = this.#blocks.get(home);
    if (!block) throw new Error(`${tensor.node.label} has no place in memory.`);
    return { spec, place: { kind: "arena", offset: block.offset } };
  }

  /** Of the prepared results, those that any program on the state computes alike. */
  #placeShared(tensors: readonly Tensor[]): Map<string, TensorSpec> {
    const origins = new Origins();
    const shared = new Map<string, TensorSpec>();
    for (const tensor of tensors) {
      const origin = origins.of(tensor);
      if (origin === undefined) continue;
      this.#prepared.set(tensor, { kind: "shared", origin });
      shared.set(origin, new TensorSpec(tensor.shape, tensor.dtype));
    }
    return shared;
  }

  /** Constants, and prepared results that later instructions read, are never overwritten. */
  #placePrepared(tensors: readonly Tensor[]): number {
    let bytes = 0;
    for (const tensor of tensors) {
      const size = aligned(tensor.bytes, this.memory);
      const offset = withinBuffer(bytes, size, this.memory);
      this.#prepared.set(tensor, { kind: "prepared", offset });
      bytes = offset + size;
    }
    return bytes;
  }

  /** The block of an input of `node` that `output` may overwrite, if there is one. */
  #reusable(node: Node, output: Tensor, index: number): Block | undefined {
    const blockOf = (input: Tensor): Block | undefined => this.#blocks.get(homeOf(input));
    for (const [from, to] of node.op.inPlace?.(node.attributes, node.inputs) ?? []) {
      if (from !== output.index) continue;
      const block = blockOf(node.inputs[to]!);
      if (block?.last !== index) continue;
      const alone = node.inputs.every((input, other) => other === to || blockOf(input) !== block);
      if (alone && aligned(block.bytes, this.memory) === aligned(output.bytes, this.memory))
        return block;
    }
    return undefined;
  }
}

/** The tensor whose memory holds the value of `tensor`. */
export function homeOf(tensor: Tensor): Tensor {
  const shown = viewed(tensor);
  if (!shown.node.op.update) return shown;
  const target = targetsOf(shown.node).get(shown.index);
  return target ? homeOf(target) : shown;
}

const knownTargets = new WeakMap<Node, ReadonlyMap<number, Tensor>>();

/** The inputs that an update overwrites, by the index of the result. One update may have thousands. */
function targetsOf(node: Node): ReadonlyMap<number, Tensor> {
  const known = knownTargets.get(node);
  if (known) return known;
  const pairs = node.op.inPlace?.(node.attributes, node.inputs) ?? [];
  const targets = new Map(pairs.map(([output, input]) => [output, node.inputs[input]!]));
  knownTargets.set(node, targets);
  return targets;
}

/** The last instruction that reads each tensor that owns memory; outputs are read after the end. */
function lastUses(nodes: readonly Node[], outputs: readonly Tensor[]): Map<Tensor, number> {
  const last = new Map<Tensor, number>();
  for (const [index, node] of nodes.entries()) {
    for (const input of node.inputs) last.set(homeOf(input), index);
  }
  for (const output of outputs) last.set(homeOf(output), nodes.length);
  return last;
}
