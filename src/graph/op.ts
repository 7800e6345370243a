import { ShapeError } from "../base/errors.js";
import { type Attributes, type Dtype, Node, type Shape, Tensor, TensorSpec } from "./tensor.js";

/** Values of a tensor on the reference backend: plain numbers, whatever the dtype. */
export interface ReferenceTensor {
  readonly data: Float64Array | Float32Array | Int32Array | Int8Array;
  readonly shape: Shape;
  readonly dtype: Dtype;
}

/** What a reference kernel is given. It fills the data of the outputs. */
export interface ReferenceCall<A extends Attributes = Attributes> {
  readonly inputs: readonly ReferenceTensor[];
  readonly outputs: readonly ReferenceTensor[];
  readonly attributes: A;
}

/** A node as its gradient rule sees it; tensors may stand for values that are computed anew. */
export interface TracedCall<A extends Attributes = Attributes> {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly attributes: A;
}

/**
 * An operation: its shape rule, its gradient in terms of other operations, and its meaning (the reference kernel). The
 * native kernel of the same name stands in `native/kernels`.
 */
export interface Op<A extends Attributes = Attributes> {
  readonly name: string;
  /** The specifications of the results; throws a `ShapeError` where the inputs do not fit. */
  infer(inputs: readonly Tensor[], attributes: A): readonly TensorSpec[];
  /**
   * The gradients of the loss with respect to the inputs, from those with respect to the outputs (undefined: zero).
   * Undefined results mean that an input has no gradient. Without a rule no gradient passes.
   */
  gradient?(
    call: TracedCall<A>,
    gradients: readonly (Tensor | undefined)[],
  ): readonly (Tensor | undefined)[];
  /** Computes the outputs, in double precision where the backend keeps doubles. */
  reference(call: ReferenceCall<A>): void;
  /** The attributes as the native kernel reads them; none by default. */
  encode?(
    attributes: A,
    inputs: readonly TensorSpec[],
    outputs: readonly TensorSpec[],
  ): readonly number[];
  /** Pairs [output, input] that may share memory, the most useful first. */
  inPlace?(attributes: A, inputs: readonly TensorSpec[]): readonly (readonly [number, number])[];
  /** Cheap to compute and its inputs are needed for its gradient anyway: computed anew for the backward pass, not kept. */
  readonly recompute?: boolean | ((inputs: readonly Tensor[]) => boolean);
  /** The single output is the input under another shape: no kernel runs. */
  readonly view?: boolean;
  /** Overwrites its inputs named by `inPlace`, which are state: runs as early as it can, after all readers. */
  readonly update?: boolean;
  /** Needs all processes: the program is cut here. */
  readonly collective?: boolean;
}

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
  // Attributes are checked where `op` and `attributes` meet, here; nodes forget their type.
  const node = new Node(nodeCount++, op, inputs, attributes, currentScope, currentRegion, results);
  return node.outputs;
}

/** Applies an operation with one result (or whose first result is wanted). */
export function apply<A extends Attributes>(
  op: Op<A>,
  inputs: readonly Tensor[],
  attributes: A,
): Tensor {
  return applyAll(op, inputs, attributes)[0]!;
}

/** Traces `f` in the place of `node`: for what is derived from it. */
export function inScopeOf<T>(node: Node, f: () => T): T {
  const outer = currentScope;
  currentScope = node.scope;
  try {
    return f();
  } finally {
    currentScope = outer;
  }
}

/** The operation of `node` applied to other inputs, in the same place. */
export function reapply(node: Node, inputs: readonly Tensor[]): readonly Tensor[] {
  return inScopeOf(node, () => applyAll(node.op, inputs, node.attributes));
}

/** Traces `f` with `name` added to the place that messages tell. */
export function scope<T>(name: string, f: () => T): T {
  const outer = currentScope;
  currentScope = outer === "" ? name : `${outer}/${name}`;
  try {
    return f();
  } finally {
    currentScope = outer;
  }
}

/** Traces `f` with its nodes marked as one region (see `checkpoint`). Regions inside regions belong to the outer one. */
export function inRegion<T>(f: () => T): T {
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
