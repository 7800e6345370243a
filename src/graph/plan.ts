/** From traced results to a plan: instructions in order, with the memory location of each tensor. */
import { type MemoryLayout, processorMemory } from "./arena.js";
import { constantTensors } from "./constant.js";
import { gatherWhereRead, heldOf } from "./divided.js";
import { fuse } from "./fuse.js";
import type { Attributes, Node, Op, Tensor, TensorSpec } from "./tensor.js";
import { copied } from "./ops/cast.js";
import { copyInto } from "./ops/update.js";
import { packConstants } from "./pack.js";
import { Layout, type PlacedTensor, homeOf } from "./layout.js";
import { ancestors, viewed } from "./order.js";
import { placeholderOf } from "./placeholder.js";
import { overwritten, schedule } from "./schedule.js";

export interface Instruction {
  readonly op: Op;
  readonly attributes: Attributes;
  readonly inputs: readonly PlacedTensor[];
  readonly outputs: readonly PlacedTensor[];
  /** Operation and scope in the model, for messages. */
  readonly label: string;
}

/** Everything a backend needs to run a traced function; plain data. */
export interface Plan {
  readonly instructions: readonly Instruction[];
  /** The number of leading instructions that depend only on state. */
  readonly preparing: number;
  /** What the others read of their results, kept until the state is written. */
  readonly kept: readonly Kept[];
  readonly inputs: ReadonlyMap<string, PlacedTensor>;
  readonly outputs: ReadonlyMap<string, PlacedTensor>;
  /** Values to write once, before the first run. */
  readonly constants: readonly {
    readonly tensor: PlacedTensor;
    readonly values: Float32Array | Int32Array;
  }[];
  readonly updatesState: boolean;
  /** Bytes of the arena, and of memory that the program prepares for itself. */
  readonly arenaBytes: number;
  readonly preparedBytes: number;
  /** What of it depends on nothing but state, by origin: programs with equal origins share it. */
  readonly shared: ReadonlyMap<string, TensorSpec>;
}

export interface Kept {
  readonly tensor: PlacedTensor;
  /** The instructions that compute it, in order. */
  readonly instructions: readonly number[];
}

/** The results of a traced function, by path. */
export interface TracedResults {
  readonly outputs: ReadonlyMap<string, Tensor>;
  /** New values of state placeholders. */
  readonly updates: ReadonlyMap<Tensor, Tensor>;
}

/**
 * Fuses, schedules and allocates.
 *
 * @param pack whether constant weights are packed for the native kernels
 * @param memory how tensors are placed
 */
export function plan(
  traced: TracedResults,
  pack: boolean,
  memory: MemoryLayout = processorMemory,
): Plan {
  const { outputs: results, updates } = written(traced);
  const outputCount = results.length;
  let roots = gatherWhereRead(fuse([...results, ...updates]));
  if (pack) roots = packConstants(roots, constantTensors(roots));
  const constant = constantTensors(roots);
  const runs = schedule(roots).filter((node) => !node.op.view && !placeholderOf(node.outputs[0]!));
  const prepared = runs.filter((node) => constant.has(node.outputs[0]!));
  const nodes = [...prepared, ...runs.filter((node) => !constant.has(node.outputs[0]!))];
  const preparing = prepared.length;
  const paths = [...traced.outputs.keys()];
  const outputs = new Map(paths.map((path, index) => [path, roots[index]!]));
  const layout = new Layout(nodes, preparing, [...outputs.values()], givenTo(roots, nodes), memory);
  return {
    instructions: nodes.map((node) => ({
      op: node.op,
      attributes: node.attributes,
      inputs: node.inputs.map((tensor) => layout.place(tensor)),
      outputs: node.outputs.map((tensor) => layout.place(tensor)),
      label: node.label,
    })),
    preparing,
    kept: keptTensors(layout, prepared),
    ...placeGiven(layout),
    outputs: new Map([...outputs].map(([path, tensor]) => [path, layout.place(tensor)])),
    updatesState: roots.length > outputCount,
    arenaBytes: layout.arenaBytes,
    preparedBytes: layout.preparedBytes,
    shared: layout.shared,
  };
}

/** The results with new values written into the state, and outputs that this would overwrite copied before. */
function written(traced: TracedResults): { outputs: Tensor[]; updates: Tensor[] } {
  const outputs = [...traced.outputs.values()];
  const latest = new Map<Tensor, Tensor>(); // what earlier updates leave in the memory of state
  for (const node of ancestors([...outputs, ...traced.updates.values()])) {
    if (node.op.update) for (const output of node.outputs) latest.set(homeOf(output), output);
  }
  for (const target of latest.keys()) requireReturned(target, traced);
  const updates = [...traced.updates].map(([target, value]) =>
    homeOf(value) === target ? value : copyInto(latest.get(target) ?? target, value),
  );
  const lost = new Set(ancestors([...outputs, ...updates]).flatMap(overwritten));
  const isLost = (output: Tensor): boolean => lost.has(viewed(heldOf(viewed(output))));
  return { outputs: outputs.map((each) => (isLost(each) ? copied(each) : each)), updates };
}

/** An update overwrites state in any case, so that its result has to be what the function says about that state. */
function requireReturned(target: Tensor, { updates }: TracedResults): void {
  const { source, path } = placeholderOf(target) ?? {};
  if (source !== "state" || updates.has(target)) return;
  throw new Error(
    `The function updates the state at "${path}", but does not return its new value. Return it as part of the new state, ` +
      "or leave this tensor out of the update.",
  );
}

function keptTensors(layout: Layout, prepared: readonly Node[]): Kept[] {
  const indices = new Map(prepared.map((node, index) => [node, index]));
  return layout.kept.map((tensor) => {
    const instructions = ancestors([tensor]).flatMap((node) => indices.get(node) ?? []);
    return { tensor: layout.place(tensor), instructions: instructions.sort((a, b) => a - b) };
  });
}

/** The inputs and constants that the nodes or outputs read. */
function givenTo(roots: readonly Tensor[], nodes: readonly Node[]): Set<Tensor> {
  const read = [...nodes.flatMap((node) => node.inputs), ...roots].map(viewed);
  return new Set(
    read.filter((tensor) => {
      const source = placeholderOf(tensor)?.source;
      return source === "input" || source === "constant";
    }),
  );
}

function placeGiven(layout: Layout): Pick<Plan, "inputs" | "constants"> {
  const inputs = new Map<string, PlacedTensor>();
  const constants: Plan["constants"][number][] = [];
  for (const tensor of layout.given) {
    const { path, values } = placeholderOf(tensor) ?? { path: "" };
    if (values) constants.push({ tensor: layout.place(tensor), values });
    else inputs.set(path, layout.place(tensor));
  }
  return { inputs, constants };
}
