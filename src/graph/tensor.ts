/** The parts of a traced function: tensors, and nodes that make tensors from tensors by operations. */

/** How the elements of a tensor are stored. */
export type Dtype = "float32" | "bfloat16" | "int8" | "int32";
export type Shape = readonly number[];

export const bytesPerElement: Readonly<Record<Dtype, number>> = {
  float32: 4,
  bfloat16: 2,
  int8: 1,
  int32: 4,
};

/** What is known of a tensor before it exists: its shape and how its elements are stored. */
export class TensorSpec {
  constructor(
    readonly shape: Shape,
    readonly dtype: Dtype,
  ) {
    for (const size of shape) {
      if (!Number.isSafeInteger(size) || size < 0) {
        throw new RangeError(
          `A shape holds whole sizes from 0, but this one is [${shape.join(", ")}].`,
        );
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

  toString(): string {
    return `${this.dtype}[${this.shape.join(", ")}]`;
  }
}

/** A specification of shape `shape`; float32 unless told otherwise. */
export function spec(shape: Shape, dtype: Dtype = "float32"): TensorSpec {
  return new TensorSpec(shape, dtype);
}

/** Constants of an operation: what is fixed when the function is traced. */
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
 * How the native kernel is given attributes: numbers as they are, booleans as 0 or 1, one of several words as its
 * position among them. A list of numbers comes last. The kernel names the same attributes, which is checked when a
 * program is loaded.
 */
export type AttributeSchema<A> = {
  readonly [K in keyof A]?: "number" | "boolean" | "numbers" | readonly string[];
};

/** An activation that an operation can apply to an input while it reads it. */
export type Activation = "gelu" | "relu";

/** What an operation can do with its first result before it stores it. */
export type Epilogue =
  | {
      readonly kind: "add";
      readonly addend: Tensor;
      /** Of the sum. */
      readonly dtype: Dtype;
    }
  /** With `keepsArgument`, the argument of GELU is a second result. */
  | { readonly kind: "gelu"; readonly keepsArgument: boolean }
  /** Multiplies by the derivative of GELU at `argument`. */
  | { readonly kind: "geluGradient"; readonly argument: Tensor }
  | { readonly kind: "relu" };

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
  /** The attributes that the native kernel reads, in this order; default: none. */
  readonly schema?: AttributeSchema<A>;
  /** Pairs [output, input] that may share memory, the most useful first. */
  inPlace?(attributes: A, inputs: readonly TensorSpec[]): readonly (readonly [number, number])[];
  /** Cheap to compute and its inputs are needed for its gradient anyway: computed anew for the backward pass, not kept. */
  readonly recompute?: boolean | ((inputs: readonly Tensor[]) => boolean);
  /** The single output is the input under another shape: no kernel runs. */
  readonly view?: boolean;
  /** Overwrites its inputs named by `inPlace`, which are state: runs as early as it can, after all readers. */
  readonly update?: boolean;
  /** Needs all processes: the program is cut here, and the host calls this method of its transport. */
  readonly collective?: "allReduce" | "allGather";
  /** Multiplications and additions; default: none worth counting. */
  flops?(attributes: A, inputs: readonly TensorSpec[], outputs: readonly TensorSpec[]): number;
  /** How many results, from the first, are finite wherever the inputs are; default: all. */
  readonly finiteOutputs?: number;
  /** What the operation can be to the one that computes its argument (see `fuse`). */
  readonly fusesAs?: Epilogue["kind"];
  /** The call that also does `epilogue` with its first result; undefined if there is none. */
  withEpilogue?(call: TracedCall<A>, epilogue: Epilogue): readonly Tensor[] | undefined;
  /** The call that applies `activation` to its input `index` while it reads it; undefined if there is none. */
  withActivation?(
    call: TracedCall<A>,
    index: number,
    activation: Activation,
  ): readonly Tensor[] | undefined;
  /** The call with its second input, which is constant, rearranged for the native kernel; undefined if there is none. */
  withPackedWeight?(call: TracedCall<A>): readonly Tensor[] | undefined;
}

/** One operation applied to tensors. Nodes are numbered in the order in which they are traced. */
export class Node {
  readonly outputs: readonly Tensor[];

  constructor(
    readonly id: number,
    readonly op: Op,
    readonly inputs: readonly Tensor[],
    readonly attributes: Attributes,
    /** Where in the model the node was traced, such as "image/block3". */
    readonly scope: string,
    /** The region whose values are computed anew for the backward pass, if any. */
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
    readonly node: Node,
    readonly index: number,
    shape: Shape,
    dtype: Dtype,
  ) {
    super(shape, dtype);
  }
}

export function sizeOf(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}
