/** Layer normalization (Ba, Kiros and Hinton 2016). */
import { type Dtype, type Op, type Tensor, TensorSpec, spec } from "../tensor.js";
import { apply, applyAll, shapeError } from "../trace.js";
import { requireFloat } from "./require.js";

const layerNormOp: Op<{ epsilon: number; dtype: Dtype }> = {
  name: "layerNorm",
  recompute: true,
  infer(inputs, { dtype }) {
    const [x, gain, bias] = inputs as [Tensor, Tensor, Tensor];
    requireFloat("layerNorm", x, gain, bias);
    const width = x.shape.at(-1);
    if ([gain, bias].some(({ shape }) => shape.length !== 1 || shape[0] !== width)) {
      throw shapeError("layerNorm", inputs, "a gain and a bias as wide as the last axis");
    }
    const rows = spec(x.shape.slice(0, -1));
    return [new TensorSpec(x.shape, dtype), rows, rows];
  },
  gradient({ inputs, outputs }, [dy]) {
    if (!dy) return [];
    const [x, gain] = inputs as [Tensor, Tensor];
    const [, mean, inverseStd] = outputs as [Tensor, Tensor, Tensor];
    return applyAll(layerNormGradientOp, [x, gain, mean, inverseStd, dy], { hasAddend: false });
  },
  schema: { epsilon: "number" },
  reference({ inputs: [x, gain, bias], outputs: [y, means, scales], attributes: { epsilon } }) {
    if (!x || !gain || !bias || !y || !means || !scales) return;
    const width = gain.data.length;
    for (let row = 0; row < means.data.length; row++) {
      const start = row * width;
      let mean = 0;
      for (let i = 0; i < width; i++) mean += x.data[start + i]! / width;
      let variance = 0;
      for (let i = 0; i < width; i++) variance += (x.data[start + i]! - mean) ** 2 / width;
      const scale = 1 / Math.sqrt(variance + epsilon);
      means.data[row] = mean;
      scales.data[row] = scale;
      for (let i = 0; i < width; i++) {
        y.data[start + i] = (x.data[start + i]! - mean) * scale * gain.data[i]! + bias.data[i]!;
      }
    }
  },
};

/**
 * The gradients with respect to x, gain and bias, from x, gain, the rows' means and inverse standard deviations, and
 * dY. An addend, another contribution to the gradient of x, is added to dX.
 */
export const layerNormGradientOp: Op<{ hasAddend: boolean }> = {
  name: "layerNormGradient",
  infer([x, gain]) {
    return [x!, spec(gain!.shape), spec(gain!.shape)];
  },
  schema: { hasAddend: "boolean" },
  withEpilogue({ inputs, outputs: [dx], attributes: { hasAddend } }, epilogue) {
    if (hasAddend || epilogue.kind !== "add" || epilogue.dtype !== dx!.dtype) return undefined;
    return applyAll(layerNormGradientOp, [...inputs, epilogue.addend], { hasAddend: true });
  },
  inPlace: ({ hasAddend }, inputs) =>
    hasAddend && inputs[5]?.dtype === inputs[0]?.dtype ? [[0, 5]] : [],
  reference({ inputs, outputs: [dx, dGain, dBias] }) {
    const [x, gain, means, scales, dy, addend] = inputs;
    if (!x || !gain || !means || !scales || !dy || !dx || !dGain || !dBias) return;
    const width = gain.data.length;
    dGain.data.fill(0);
    dBias.data.fill(0);
    for (let row = 0; row < means.data.length; row++) {
      const start = row * width;
      const scale = scales.data[row]!;
      const normalized = (i: number): number => (x.data[start + i]! - means.data[row]!) * scale;
      let mean = 0; // of dY · gain
      let projection = 0; // mean of dY · gain · normalized row
      for (let i = 0; i < width; i++) {
        const g = dy.data[start + i]! * gain.data[i]!;
        mean += g / width;
        projection += (g * normalized(i)) / width;
        dGain.data[i]! += dy.data[start + i]! * normalized(i);
        dBias.data[i]! += dy.data[start + i]!;
      }
      for (let i = 0; i < width; i++) {
        const g = dy.data[start + i]! * gain.data[i]!;
        dx.data[start + i] =
          scale * (g - mean - projection * normalized(i)) + (addend?.data[start + i] ?? 0);
      }
    }
  },
};

/** The normalization's constant, and the dtype of its result. */
export interface LayerNormOptions {
  /** Added to the variance. */
  readonly epsilon: number;
  /** Dtype of the result; default: that of x. */
  readonly dtype?: Dtype;
}

/** Every row of x [..., D] normalized to mean 0 and variance 1, times gain [D] plus bias [D]. */
export function layerNorm(
  x: Tensor,
  gain: Tensor,
  bias: Tensor,
  options: LayerNormOptions,
): Tensor {
  const { epsilon, dtype = x.dtype } = options;
  return apply(layerNormOp, [x, gain, bias], { epsilon, dtype });
}
