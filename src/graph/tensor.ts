import type { Op } from "./op.js";

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
