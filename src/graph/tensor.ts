/** The graph of a traced function: tensors, and nodes that apply operations to tensors. */

import { quote } from "../base/quote.js";
import { leavesOf } from "../base/tree.js";

/** How the elements of a tensor are stored. */
export type Dtype = "float32" | "bfloat16" | "int8" | "int32";
/** Sizes of the axes, outermost first; [] is a scalar. */
export type Shape = readonly number[];

export const bytesPerElement: Readonly<Record<Dtype, number>> = {
  float32: 4,
  bfloat16: 2,
  int8: 1,
  int32: 4,
};

/** The specification of a tensor: its shape and how its elements are stored. */
export class TensorSpec {
  constructor(
    /** Sizes of the axes, outermost first. */
    readonly shape: Shape,
    /** How the elements are stored. */
    readonly dtype: Dtype,
  ) {
    for (const size of shape) {
      if (!Number.isSafeInteger(size) || size < 0) {
        throw new RangeError(`Expected a shape of integers >= 0, but got [${shape.join(", ")}].`);
      }
    }
  }

  /** Number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /** Bytes of the stored elements. */
  get bytes(): number {
    return this.size * bytesPerElement[this.dtype];
  }

  /** Such as "float32[8, 4]". */
  toString(): string {
    return `${this.dtype}[${this.shape.join(", ")}]`;
  }
}

/**
 * The specification of a tensor of this shape, [] for a scalar: of state, or of a program's input.
 * @param dtype default: "float32"
 */
export function spec(shape: Shape, dtype: Dtype = "float32"): TensorSpec {
  return new TensorSpec(shape, dtype);
}

/** Constants of an operation, fixed at tracing. */
export type Attributes = Readonly<
  Record<
    string,
    number | boolean | string | readonly number[] | Float32Array | Int32Array | undefined
  >
>;

/** Values of a tensor on the reference backend: plain numbers, whatever the dtype. */
export interface ReferenceTensor {
  readonly data: Float64Array | Float32Array | Int32Array | Int8Array;
  readonly shape: Shape;
  readonly dtype: Dtype;
}

/** The arguments of a reference kernel, which fills the data of the outputs. */
export interface ReferenceCall<A extends Attributes = Attributes> {
  readonly inputs: readonly ReferenceTensor[];
  readonly outputs: readonly ReferenceTensor[];
  readonly attributes: A;
}

/**
 * The values of all processes in the order of their ranks. Every process gives as many, and the n-th calls of all processes
 * on one channel belong together.
 */
export type Gather = (channel: number, values: Float64Array) => Promise<readonly Float64Array[]>;

/** The arguments of a gradient rule; tensors may be recomputed ones. */
export interface TracedCall<A extends Attributes = Attributes> {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly attributes: A;
}

/**
 * The encoding of attributes for the native kernel: numbers as they are, booleans as 0 or 1, strings as their index in
 * a list. A list of numbers comes last. Loading a program checks that the kernel declares the same attributes.
 */
export type AttributeSchema<A> = {
  readonly [K in keyof A]?: "number" | "boolean" | "numbers" | readonly string[];
};

/** An activation that an operation can apply to an input while reading it. */
export type Activation = "gelu" | "relu";

/** A step that an operation can apply to its first result before storing it. */
export type Epilogue =
  | {
      readonly kind: "add";
      readonly addend: Tensor;
      /** Dtype of the sum. */
      readonly dtype: Dtype;
    }
  /** With `keepsArgument`, the argument of GELU is a second result. */
  | { readonly kind: "gelu"; readonly keepsArgument: boolean }
  /** Multiplies by the derivative of GELU at `argument`. */
  | { readonly kind: "geluGradient"; readonly argument: Tensor }
  | { readonly kind: "relu" };

/**
 * An operation: its shape rule, its gradient in terms of other operations, and its definition (the reference kernel).
 * The native kernel of the same name is in `native/kernels`.
 */
export interface Op<A extends Attributes = Attributes> {
  readonly name: string;
  /** The specifications of the results; throws a `ShapeError` if the inputs do not fit. */
  infer(inputs: readonly Tensor[], attributes: A): readonly TensorSpec[];
  /**
   * The gradients of the loss with respect to the inputs, given those with respect to the outputs (undefined: zero).
   * An undefined result means that the input has no gradient. Without this rule a loss cannot be differentiated through the operation.
   */
  gradient?(
    call: TracedCall<A>,
    gradients: readonly (Tensor | undefined)[],
  ): readonly (Tensor | undefined)[];
  /** Computes the outputs, in double precision if the backend stores doubles. */
  reference(call: ReferenceCall<A>): void;
  /** The attributes that the native kernel reads, in this order; default: none. */
  readonly schema?: AttributeSchema<A>;
  /** Pairs [output, input] that may share memory, the most useful first. */
  inPlace?(attributes: A, inputs: readonly TensorSpec[]): readonly (readonly [number, number])[];
  /** Recomputed for the backward pass instead of kept, because it is cheap and its inputs are kept anyway. */
  readonly recompute?: boolean | ((inputs: readonly Tensor[]) => boolean);
  /** The single output is the input under another shape: no kernel runs. */
  readonly view?: boolean;
  /** Overwrites the inputs named by `inPlace`, which are state: runs as early as possible, after all readers. */
  readonly update?: boolean;
  /** Takes part in an operation of all processes. Its definition gathers what it needs from them. */
  collective?(call: ReferenceCall<A>, gather: Gather): Promise<void>;
  /** Waits for such an operation; runs right before its first reader, or later. */
  readonly awaits?: boolean;
  /** Starts, or waits, shortly before what it gives is read, which is made from state alone and needed for a moment only. */
  readonly late?: boolean;
  /** Number of multiplications and additions; default: 0. */
  flops?(attributes: A, inputs: readonly TensorSpec[], outputs: readonly TensorSpec[]): number;
  /** How many of the first results are finite for finite inputs; default: all. */
  readonly finiteOutputs?: number;
  /** The epilogue that can replace this operation (see `fuse`). */
  readonly fusesAs?: Epilogue["kind"];
  /** The call with `epilogue` applied to its first result; undefined if that is not supported. */
  withEpilogue?(call: TracedCall<A>, epilogue: Epilogue): readonly Tensor[] | undefined;
  /** The call with `activation` applied to input `index` while reading it; undefined if that is not supported. */
  withActivation?(
    call: TracedCall<A>,
    index: number,
    activation: Activation,
  ): readonly Tensor[] | undefined;
  /** The call with its second input, which is constant, packed for the native kernel; undefined if not supported. */
  withPackedWeight?(call: TracedCall<A>): readonly Tensor[] | undefined;
}

/** One operation applied to tensors. Nodes are numbered in the order in which they are traced. */
export class Node {
  /** @internal */
  readonly outputs: readonly Tensor[];

  /** @internal */
  constructor(
    /** Its number in the order in which nodes were traced. */
    readonly id: number,
    /** @internal */
    readonly op: Op,
    /** @internal */
    readonly inputs: readonly Tensor[],
    /** @internal */
    readonly attributes: Attributes,
    /** Where in the model the node was traced, such as "image/block3". */
    readonly scope: string,
    /**
     * The region whose values are recomputed in the backward pass, if any.
     * @internal
     */
    readonly region: number | undefined,
    results: readonly TensorSpec[],
  ) {
    this.outputs = results.map(
      (result, index) => new Tensor(this, index, result.shape, result.dtype),
    );
  }

  /** The operation and its place, for messages. */
  get label(): string {
    return this.scope === "" ? this.op.name : `${this.op.name} in ${this.scope}`;
  }
}

/** A symbolic tensor: one result of a node. It owns no memory. */
export class Tensor extends TensorSpec {
  constructor(
    /** The node whose result it is. */
    readonly node: Node,
    /** Which of the node's results it is, from 0. */
    readonly index: number,
    shape: Shape,
    dtype: Dtype,
  ) {
    super(shape, dtype);
  }
}

/** @throws TypeError if a leaf of a tree is not of a class, such as a shape where `spec(shape)` was meant */
export function requireLeaves(
  what: string,
  tree: unknown,
  kind: typeof TensorSpec | typeof Tensor,
  expected: string,
): void {
  for (const [path, leaf] of leavesOf(tree)) {
    if (leaf instanceof kind) continue;
    const given = typeof leaf === "function" ? "a function" : quote(leaf);
    throw new TypeError(`The ${what} at "${path}" is ${given}; it should be ${expected}.`);
  }
}

export function sizeOf(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}
