/** Packing of constant weights for the native kernels of products. Not differentiable. */
import { type Op, type Shape, type Tensor, TensorSpec } from "../tensor.js";
import { apply } from "../trace.js";

type Packing = { transposeB: boolean; compute: "float32" | "bfloat16"; K: number; N: number };
type QuantizedPacking = { dynamic: boolean; K: number; N: number };

/** Packed weights are panels of up to 64 columns, with room for whole ones of 64, padded to a multiple of 4 rows. */
const paddedColumns = (N: number): number => Math.ceil(N / 64) * 64;
const paddedRows = (K: number): number => Math.ceil(K / 4) * 4;

/** Size of a packed factor of `matmul`. */
export function packedWeightsBytes({ compute, K, N }: Packing): number {
  return paddedColumns(N) * paddedRows(K) * (compute === "bfloat16" ? 2 : 4);
}

/** Size of a packed factor of `quantizedMatmul`: its values, and the int32 sum of each column. */
export function packedQuantizedBytes({ K, N }: QuantizedPacking): number {
  return paddedColumns(N) * (paddedRows(K) + 4);
}

function opaque(bytes: number): readonly TensorSpec[] {
  const shape: Shape = [bytes];
  return [new TensorSpec(shape, "int8")];
}

function nativeOnly(name: string): () => never {
  return () => {
    throw new Error(`${name} is available on the native backend only.`);
  };
}

const packWeightsOp: Op<Packing> = {
  name: "packWeights",
  infer: (_inputs, packing) => opaque(packedWeightsBytes(packing)),
  schema: {
    transposeB: "boolean",
    compute: ["float32", "bfloat16"],
    K: "number",
    N: "number",
  },
  reference: nativeOnly("packWeights"),
};

const packQuantizedOp: Op<QuantizedPacking> = {
  name: "packQuantized",
  infer: (_inputs, packing) => opaque(packedQuantizedBytes(packing)),
  schema: { dynamic: "boolean", K: "number", N: "number" },
  reference: nativeOnly("packQuantized"),
};

/** B, the second factor of a `matmul` with these attributes, as its kernel reads it with `packedB`: int8 [bytes]. */
export function packWeights(b: Tensor, { transposeB, compute, K, N }: Packing): Tensor {
  return apply(packWeightsOp, [b], { transposeB, compute, K, N });
}

/** The values of `quantizeWeights` as `quantizedMatmul` reads them with `packedB`: int8 [bytes]. */
export function packQuantized(values: Tensor, { dynamic, K, N }: QuantizedPacking): Tensor {
  return apply(packQuantizedOp, [values], { dynamic, K, N });
}
