import { ShapeError } from "../base/errors.js";
import { type Attributes, Node, type Op, type Tensor, type TensorSpec } from "./tensor.js";

let nodeCount = 0;
let currentScope = "";
let currentRegion: number | undefined;

/** Applies an operation to tensors while tracing. Several results come back in the operation's order. */
export function applyAll<A extends Attributes>(
  op: Op<A>,
  inputs: readonly Tensor[],
  attributes: A,
): readonly Tensor[] {
  const results = op.infer(inputs, attributes);
  // The type of the attributes is checked here; nodes forget it.
  const node = new Node(nodeCount++, op, inputs, attributes, currentScope, currentRegion, results);
  return node.outputs;
}

/** Applies an operation and returns its first result. */
export function apply<A extends Attributes>(
  op: Op<A>,
  inputs: readonly Tensor[],
  attributes: A,
): Tensor {
  return applyAll(op, inputs, attributes)[0]!;
}

function inScope<T>(name: string, f: () => T): T {
  const outer = currentScope;
  currentScope = name;
  try {
    return f();
  } finally {
    currentScope = outer;
  }
}

/** Traces `f` in the scope of `node`. */
export function inScopeOf<T>(node: Node, f: () => T): T {
  return inScope(node.scope, f);
}

/** The operation of `node` applied to other inputs, in the same scope. */
export function reapply(node: Node, inputs: readonly Tensor[]): readonly Tensor[] {
  return inScopeOf(node, () => applyAll(node.op, inputs, node.attributes));
}

/** Traces `f` with `name` appended to the scope, which error messages show. */
export function scope<T>(name: string, f: () => T): T {
  return inScope(currentScope === "" ? name : `${currentScope}/${name}`, f);
}

/**
 * Rematerialization: traces `f` so that the backward pass recomputes its intermediate values instead of keeping them.
 * That saves memory at the cost of a second forward pass. The results of `f` are kept. Gradients do not change. A call
 * within another one belongs to that.
 */
export function remat<T>(f: () => T): T {
  if (currentRegion !== undefined) return f();
  currentRegion = nodeCount;
  try {
    return f();
  } finally {
    currentRegion = undefined;
  }
}

/** A `ShapeError` that names the operation, its place, and every input's shape. */
export function shapeError(
  op: string,
  inputs: readonly TensorSpec[],
  expected: string,
): ShapeError {
  const given = inputs.map(String).join(" and ");
  const place = currentScope === "" ? "" : ` in ${currentScope}`;
  return new ShapeError(`${op}${place} was given ${given}; it expects ${expected}.`);
}
