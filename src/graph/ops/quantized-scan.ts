/** Products of a few vectors with very many of 8 bits, which are read once, as they are stored. Not differentiable. */
import { type Op, type Tensor, TensorSpec, sameShape } from "../tensor.js";
import { apply, shapeError } from "../trace.js";
import { mostExactTerms, quantizedMatmulOp } from "./quantize.js";
import { isFloat } from "./require.js";

type None = Record<string, never>;

const quantizedScanOp: Op<None> = {
  name: "quantizedScan",
  infer(inputs) {
    const [x, values, scale] = inputs as [Tensor, Tensor, Tensor];
    const [N, D] = values.shape as [number, number];
    const fits =
      isFloat(x.dtype) &&
      x.shape.length === 2 &&
      x.shape[1] === D &&
      values.dtype === "int8" &&
      values.shape.length === 2 &&
      scale.dtype === "float32" &&
      sameShape(scale.shape, [N]);
    if (!fits || D > mostExactTerms) {
      const most = mostExactTerms.toLocaleString("en");
      const expected = `x [Q, D], values int8[N, D] and a scale float32[N], with D at most ${most}`;
      throw shapeError("quantizedScan", inputs, expected);
    }
    return [new TensorSpec([x.shape[0]!, N], "float32")];
  },
  flops: (_, [x], [y]) => 2 * y!.size * x!.shape[1]!,
  reference(call) {
    const [N, K] = call.inputs[1]!.shape as [number, number];
    const attributes = {
      ...({ dynamic: true, dtype: "float32", activation: "none", packedB: false } as const),
      ...{ hasBias: false, hasAddend: false, K, N },
    };
    quantizedMatmulOp.reference({ ...call, attributes });
  },
};

/**
 * x · (values·scale)ᵀ for x [Q, D], values int8 [N, D], scale float32 [N] -> float32 [Q, N], where each row of x is
 * quantized to 8 bits. As `quantizedLinear`, but for few x and values too many to pack: it takes little longer than reading
 * the values once from memory.
 */
export function quantizedScan(x: Tensor, values: Tensor, scale: Tensor): Tensor {
  return apply(quantizedScanOp, [x, values, scale], {});
}
