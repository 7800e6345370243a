/**
 * Matrix products. One operation covers every form needed by a transformer and its gradient. Bias, GELU, its gradient
 * and an addend are applied while the result is in registers.
 */
import {
  type Dtype,
  type Epilogue,
  type Op,
  type Shape,
  type Tensor,
  TensorSpec,
  type TracedCall,
  sizeOf,
} from "../tensor.js";
import { apply, applyAll, shapeError } from "../trace.js";
import { geluDerivative, geluOf } from "./erf.js";
import { sum } from "./broadcast.js";
import { doubles } from "./doubles.js";
import { packWeights } from "./pack-weights.js";
import { requireFloat } from "./require.js";
import { reshape } from "./reshape.js";

export type MatmulAttributes = {
  transposeA: boolean;
  transposeB: boolean;
  /** bfloat16 rounds both factors; sums are always accumulated in float32. */
  compute: "float32" | "bfloat16";
  /** Dtype of the result's elements. */
  dtype: Dtype;
  activation: "none" | "gelu" | "geluGradient";
  hasBias: boolean;
  hasAddend: boolean;
  /** Returns the values before the activation as a second result. */
  outputsPreactivation: boolean;
  /** B was packed by `packWeights`. */
  packedB: boolean;
  /** GELU is applied to B. */
  geluB: boolean;
  K: number;
  N: number;
};

/** All axes but the last, as one. */
const rowsOf = (shape: Shape): number => sizeOf(shape.slice(0, -1));
const lastOf = (shape: Shape): number => shape.at(-1) ?? 1;

/** The shape of the result: A's leading axes with N in place of K, or [M, N] when A is transposed. */
function resultShape(a: Tensor, { transposeA, N }: MatmulAttributes): Shape {
  return transposeA ? [lastOf(a.shape), N] : [...a.shape.slice(0, -1), N];
}

export const matmulOp: Op<MatmulAttributes> = {
  name: "matmul",
  infer(inputs, attributes) {
    const [a] = inputs as [Tensor];
    const { dtype, outputsPreactivation } = attributes;
    const shape = resultShape(a, attributes);
    const result = new TensorSpec(shape, dtype);
    return outputsPreactivation ? [result, result] : [result];
  },
  gradient({ inputs, attributes }, [dc]) {
    // Fusion comes after differentiation, so there is at most a bias.
    const [a, b] = inputs as [Tensor, Tensor];
    if (!dc) return [];
    const { transposeA, transposeB, compute, hasBias } = attributes;
    const da = transposeA
      ? product(b, dc, { transposeA: transposeB, transposeB: true, compute, dtype: a.dtype })
      : product(dc, b, { transposeA: false, transposeB: !transposeB, compute, dtype: a.dtype });
    const db = transposeB
      ? product(dc, a, { transposeA: true, transposeB: transposeA, compute, dtype: b.dtype })
      : product(a, dc, { transposeA: !transposeA, transposeB: false, compute, dtype: b.dtype });
    const bias = hasBias
      ? sum(reshape(dc, [rowsOf(dc.shape), lastOf(dc.shape)]), [0], "float32")
      : undefined;
    return [reshape(da, a.shape), reshape(db, b.shape), bias];
  },
  schema: {
    transposeA: "boolean",
    transposeB: "boolean",
    compute: ["float32", "bfloat16"],
    activation: ["none", "gelu", "geluGradient"],
    hasBias: "boolean",
    hasAddend: "boolean",
    outputsPreactivation: "boolean",
    packedB: "boolean",
    geluB: "boolean",
    K: "number",
    N: "number",
  },
  flops: ({ K }, _inputs, [c]) => 2 * c!.size * K,
  withEpilogue,
  withActivation({ inputs, attributes }, index, activation) {
    const { transposeB, geluB } = attributes;
    if (index !== 1 || activation !== "gelu" || transposeB || geluB) return undefined;
    return applyAll(matmulOp, inputs, { ...attributes, geluB: true });
  },
  withPackedWeight({ inputs, attributes }) {
    if (attributes.packedB || attributes.geluB) return undefined;
    const packed = inputs.with(1, packWeights(inputs[1]!, attributes));
    return applyAll(matmulOp, packed, { ...attributes, packedB: true });
  },
  inPlace({ hasBias, hasAddend, dtype }, inputs) {
    const addend = hasBias ? 3 : 2;
    return hasAddend && inputs[addend]?.dtype === dtype ? [[0, addend]] : [];
  },
  reference({ inputs, outputs: [c, z], attributes }) {
    const [a, b, ...optional] = inputs;
    if (!a || !b || !c) return;
    const { transposeA, transposeB, activation, hasBias, hasAddend, geluB, K, N } = attributes;
    const bias = hasBias ? optional.shift() : undefined;
    const addend = hasAddend ? optional.shift() : undefined;
    const preactivation = optional.shift();
    const M = N === 0 ? 0 : sizeOf(c.shape) / N;
    // Both factors with the summed axis last, for contiguous inner loops.
    const left = transposeA ? transposed(doubles(a.data), K, M) : doubles(a.data);
    const given = doubles(b.data);
    const factors = geluB ? given.map(geluOf) : given;
    const right = transposeB ? factors : transposed(factors, K, N);
    for (let m = 0; m < M; m++) {
      for (let n = 0; n < N; n++) {
        let t = bias?.data[n] ?? 0;
        for (let k = 0; k < K; k++) t += left[m * K + k]! * right[n * K + k]!;
        const index = m * N + n;
        if (z) z.data[index] = t;
        if (activation === "gelu") t = geluOf(t);
        if (activation === "geluGradient") t *= geluDerivative(preactivation!.data[index]!);
        c.data[index] = t + (addend?.data[index] ?? 0);
      }
    }
  },
};

function withEpilogue(
  { inputs, attributes }: TracedCall<MatmulAttributes>,
  epilogue: Epilogue,
): readonly Tensor[] | undefined {
  const { activation, hasAddend } = attributes;
  if (hasAddend) return undefined;
  if (epilogue.kind === "add") {
    const { addend, dtype } = epilogue;
    const end = inputs.length - (activation === "geluGradient" ? 1 : 0); // its argument stays last
    const all = [...inputs.slice(0, end), addend, ...inputs.slice(end)];
    return applyAll(matmulOp, all, { ...attributes, dtype, hasAddend: true });
  }
  if (activation !== "none" || epilogue.kind === "relu") return undefined;
  const all = epilogue.kind === "gelu" ? inputs : [...inputs, epilogue.argument];
  return applyAll(matmulOp, all, {
    ...attributes,
    activation: epilogue.kind,
    outputsPreactivation: epilogue.kind === "gelu" && epilogue.keepsArgument,
  });
}

/** A [rows, columns] matrix as [columns, rows]. */
function transposed(data: Float64Array, rows: number, columns: number): Float64Array {
  const result = new Float64Array(data.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      result[column * rows + row] = data[row * columns + column]!;
    }
  }
  return result;
}

/** How the factors lie, and how they are multiplied. */
export interface ProductOptions {
  /** A is [..., K] by default; transposed it is [..., M] with its leading axes summed over. */
  readonly transposeA?: boolean;
  /** B is [..., N] with its leading axes summed over by default; transposed it is [N, K]. */
  readonly transposeB?: boolean;
  /** Default: bfloat16 if a factor has that dtype, else float32. */
  readonly compute?: "float32" | "bfloat16";
  /** Dtype of the result; default: that of A. */
  readonly dtype?: Dtype;
  /** float [N], added to every row. */
  readonly bias?: Tensor | undefined;
}

/** The product of two matrices (leading axes are flattened), with an optional bias: [..., N]. */
export function product(a: Tensor, b: Tensor, options: ProductOptions = {}): Tensor {
  const { transposeA = false, transposeB = false, bias } = options;
  requireFloat("matmul", ...(bias ? [a, b, bias] : [a, b]));
  const either = a.dtype === "bfloat16" || b.dtype === "bfloat16" ? "bfloat16" : "float32";
  const K = transposeA ? rowsOf(a.shape) : lastOf(a.shape);
  const depth = transposeB ? lastOf(b.shape) : rowsOf(b.shape);
  const N = transposeB ? rowsOf(b.shape) : lastOf(b.shape);
  if (K !== depth) {
    throw shapeError(
      "matmul",
      [a, b],
      `factors that are summed over the same size, not ${K} and ${depth}`,
    );
  }
  if (bias && (bias.shape.length !== 1 || bias.shape[0] !== N)) {
    throw shapeError("matmul", [a, b, bias], `a bias of shape [${N}]`);
  }
  return apply(matmulOp, bias ? [a, b, bias] : [a, b], {
    transposeA,
    transposeB,
    compute: options.compute ?? either,
    dtype: options.dtype ?? a.dtype,
    activation: "none",
    hasBias: bias !== undefined,
    hasAddend: false,
    outputsPreactivation: false,
    packedB: false,
    geluB: false,
    K,
    N,
  });
}

/** x · weightᵀ + bias: x [..., in], weight [out, in], bias [out] -> [..., out], in the dtype of x. */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  return product(x, weight, { transposeB: true, bias });
}
