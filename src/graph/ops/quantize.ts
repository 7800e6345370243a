/** Products with 8-bit weights, for inference. Not differentiable. */
import {
  type Dtype,
  type Op,
  type ReferenceTensor,
  type Tensor,
  TensorSpec,
  sameShape,
  sizeOf,
} from "../tensor.js";
import { apply, applyAll, shapeError } from "../trace.js";
import { saturate } from "./cast.js";
import { normalCumulative } from "./erf.js";
import { packQuantized } from "./pack-weights.js";
import { requireFloat } from "./require.js";

type None = Record<string, never>;

const quantizeWeightsOp: Op<None> = {
  name: "quantizeWeights",
  infer([weight]) {
    requireFloat("quantizeWeights", weight!);
    if (weight!.shape.length !== 2) throw shapeError("quantizeWeights", [weight!], "[N, K]");
    return [
      new TensorSpec(weight!.shape, "int8"),
      new TensorSpec(weight!.shape.slice(0, 1), "float32"),
    ];
  },
  reference({ inputs: [weight], outputs: [values, scale] }) {
    if (!weight || !values || !scale) return;
    const [N, K] = weight.shape as [number, number];
    for (let n = 0; n < N; n++) {
      const row = quantizeRow(weight.data.subarray(n * K, (n + 1) * K));
      values.data.set(row.values, n * K);
      scale.data[n] = row.scale;
    }
  },
};

/** values·scale ≈ row, with values from -127 to 127. */
function quantizeRow(row: ReferenceTensor["data"]): { values: Float64Array; scale: number } {
  let highest = 0;
  for (const value of row) highest = Math.max(highest, Math.abs(value));
  const scale = highest === 0 ? 1 : highest / 127;
  return { values: Float64Array.from(row, (value) => saturate(value / scale)), scale };
}

/** w [N, K] as 8-bit values [N, K] and one float32 scale [N] per row: w ≈ values·scale. */
export function quantizeWeights(weight: Tensor): { values: Tensor; scale: Tensor } {
  const [values, scale] = applyAll(quantizeWeightsOp, [weight], {}) as [Tensor, Tensor];
  return { values, scale };
}

export type QuantizedMatmulAttributes = {
  /** Also quantizes the rows of A at run time; otherwise the weights are widened. */
  dynamic: boolean;
  /** Dtype of the result's elements. */
  dtype: Dtype;
  activation: "none" | "gelu";
  hasBias: boolean;
  hasAddend: boolean;
  /** The weight was packed by `packQuantized`. */
  packedB: boolean;
  K: number;
  N: number;
};

/** Terms of a sum that int32 holds, whatever they are: the kernels multiply 0 to 255 by -128 to 127. */
export const mostExactTerms = Math.floor((2 ** 31 - 1) / (255 * 128));

export const quantizedMatmulOp: Op<QuantizedMatmulAttributes> = {
  name: "quantizedMatmul",
  infer(inputs, { dynamic, N, K, dtype }) {
    if (dynamic && K > mostExactTerms) {
      const expected = `at most ${mostExactTerms.toLocaleString("en")} columns, whose sums fit into 32 bits; keep the activations exact`;
      throw shapeError("quantizedMatmul", inputs, expected);
    }
    return [new TensorSpec([...inputs[0]!.shape.slice(0, -1), N], dtype)];
  },
  schema: {
    dynamic: "boolean",
    activation: ["none", "gelu"],
    hasBias: "boolean",
    hasAddend: "boolean",
    packedB: "boolean",
    K: "number",
    N: "number",
  },
  flops: ({ K }, _inputs, [c]) => 2 * c!.size * K,
  withEpilogue({ inputs, attributes }, epilogue) {
    if (attributes.hasAddend) return undefined;
    if (epilogue.kind === "add") {
      const { addend, dtype } = epilogue;
      return applyAll(quantizedMatmulOp, [...inputs, addend], {
        ...attributes,
        dtype,
        hasAddend: true,
      });
    }
    // Without a gradient, the argument of GELU is not needed.
    const plain = attributes.activation === "none";
    if (!plain || epilogue.kind !== "gelu" || epilogue.keepsArgument) return undefined;
    return applyAll(quantizedMatmulOp, inputs, { ...attributes, activation: "gelu" });
  },
  withPackedWeight({ inputs, attributes }) {
    if (attributes.packedB) return undefined;
    const packed = inputs.with(1, packQuantized(inputs[1]!, attributes));
    return applyAll(quantizedMatmulOp, packed, { ...attributes, packedB: true });
  },
  inPlace({ hasBias, hasAddend, dtype }, inputs) {
    const addend = hasBias ? 4 : 3;
    return hasAddend && inputs[addend]?.dtype === dtype ? [[0, addend]] : [];
  },
  reference({ inputs, outputs: [c], attributes }) {
    const [a, b, scale, ...optional] = inputs;
    if (!a || !b || !scale || !c) return;
    const { dynamic, activation, hasBias, hasAddend, K, N } = attributes;
    const bias = hasBias ? optional.shift() : undefined;
    const addend = hasAddend ? optional.shift() : undefined;
    for (let m = 0; m < sizeOf(a.shape.slice(0, -1)); m++) {
      const exact = a.data.subarray(m * K, (m + 1) * K);
      const row = dynamic ? quantizeRow(exact) : { values: exact, scale: 1 };
      for (let n = 0; n < N; n++) {
        let sum = 0;
        for (let k = 0; k < K; k++) sum += row.values[k]! * b.data[n * K + k]!;
        let t = sum * row.scale * scale.data[n]! + (bias?.data[n] ?? 0);
        if (activation === "gelu") t *= normalCumulative(t);
        c.data[m * N + n] = t + (addend?.data[m * N + n] ?? 0);
      }
    }
  },
};

/** What is added, and what is quantized besides the weight. */
export interface QuantizedLinearOptions {
  /** float [N]. */
  readonly bias?: Tensor | undefined;
  /** "dynamic" (the default) quantizes each row of x to 8 bits at run time, which is fastest; "exact" keeps x. */
  readonly activations?: "dynamic" | "exact";
}

/** x · (values·scale)ᵀ + bias: x [..., K], values int8 [N, K], scale float32 [N] -> [..., N], in the dtype of x. */
export function quantizedLinear(
  x: Tensor,
  values: Tensor,
  scale: Tensor,
  { bias, activations = "dynamic" }: QuantizedLinearOptions = {},
): Tensor {
  const [N, K] = values.shape as [number, number];
  const inputs = bias ? [x, values, scale, bias] : [x, values, scale];
  const perRow = [scale, bias ?? scale].every(({ shape }) => sameShape(shape, [N]));
  if (values.dtype !== "int8" || values.shape.length !== 2 || x.shape.at(-1) !== K || !perRow) {
    throw shapeError(
      "quantizedMatmul",
      inputs,
      "x [..., K], values int8[N, K], and a scale and bias of shape [N]",
    );
  }
  return apply(quantizedMatmulOp, inputs, {
    dynamic: activations === "dynamic",
    dtype: x.dtype,
    activation: "none",
    hasBias: bias !== undefined,
    hasAddend: false,
    packedB: false,
    K,
    N,
  });
}
