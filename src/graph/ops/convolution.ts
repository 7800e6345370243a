/** Convolution of images, channels last: stride 1, odd kernels, zero padding that keeps the size. */
import {
  type Dtype,
  type Op,
  type ReferenceTensor,
  type Shape,
  type Tensor,
  TensorSpec,
} from "../tensor.js";
import { apply, applyAll, shapeError } from "../trace.js";
import { sum } from "./broadcast.js";
import { doubles } from "./doubles.js";
import { requireFloat } from "./require.js";

type ConvolutionAttributes = {
  compute: "float32" | "bfloat16";
  hasBias: boolean;
  hasAddend: boolean;
  /** ReLU is applied to x. */
  inputRelu: boolean;
  /** ReLU is applied to the result before the addend is added. */
  outputRelu: boolean;
  /** The form of the gradient: the weight is [channels of x, kh, kw, O] and its taps are mirrored. */
  flipped: boolean;
};

export const convolutionOp: Op<ConvolutionAttributes> = {
  name: "conv2d",
  infer(inputs, { flipped }) {
    const [x, weight] = inputs as [Tensor, Tensor];
    requireFloat("conv2d", ...inputs);
    const channels = weight.shape[flipped ? 0 : 3];
    if (x.shape.length !== 4 || weight.shape.length !== 4 || x.shape[3] !== channels) {
      throw shapeError("conv2d", inputs, "x [B, H, W, C] and a weight [O, kh, kw, C]");
    }
    if (weight.shape[1]! % 2 === 0 || weight.shape[2]! % 2 === 0) {
      throw shapeError("conv2d", inputs, "a weight of odd height and width");
    }
    return [new TensorSpec([...x.shape.slice(0, 3), weight.shape[flipped ? 3 : 0]!], x.dtype)];
  },
  gradient({ inputs, attributes: { compute, hasBias, flipped } }, [dy]) {
    // Fusion comes after differentiation, so there is no addend yet; the flipped form is itself a gradient.
    if (!dy || flipped) return [];
    const [x, weight] = inputs as [Tensor, Tensor];
    const plain = {
      compute,
      hasBias: false,
      hasAddend: false,
      inputRelu: false,
      outputRelu: false,
    };
    return [
      apply(convolutionOp, [dy, weight], { ...plain, flipped: true }),
      apply(weightGradientOp, [x, dy], {
        compute,
        inputRelu: false,
        kernel: weight.shape,
        dtype: weight.dtype,
      }),
      hasBias ? sum(dy, [0, 1, 2], "float32") : undefined,
    ];
  },
  schema: {
    compute: ["float32", "bfloat16"],
    hasBias: "boolean",
    hasAddend: "boolean",
    inputRelu: "boolean",
    outputRelu: "boolean",
    flipped: "boolean",
  },
  flops: (_attributes, [, weight], [y]) => (2 * y!.size * weight!.size) / y!.shape.at(-1)!,
  withEpilogue({ inputs, outputs: [y], attributes }, epilogue) {
    if (attributes.hasAddend) return undefined;
    if (epilogue.kind === "add" && epilogue.dtype === y!.dtype) {
      return applyAll(convolutionOp, [...inputs, epilogue.addend], {
        ...attributes,
        hasAddend: true,
      });
    }
    if (epilogue.kind !== "relu" || attributes.outputRelu) return undefined;
    return applyAll(convolutionOp, inputs, { ...attributes, outputRelu: true });
  },
  withActivation({ inputs, attributes }, index, activation) {
    if (index !== 0 || activation !== "relu" || attributes.inputRelu) return undefined;
    return applyAll(convolutionOp, inputs, { ...attributes, inputRelu: true });
  },
  inPlace({ hasBias, hasAddend }, inputs) {
    const addend = hasBias ? 3 : 2;
    return hasAddend && inputs[addend]?.dtype === inputs[0]?.dtype ? [[0, addend]] : [];
  },
  reference({ inputs, outputs: [y], attributes }) {
    const { hasBias, hasAddend, inputRelu, outputRelu, flipped } = attributes;
    const [x, weight, ...optional] = inputs;
    if (!x || !weight || !y) return;
    const bias = hasBias ? optional.shift() : undefined;
    const addend = hasAddend ? optional.shift() : undefined;
    const C = x.shape[3]!;
    const O = y.shape[3]!;
    const [, kh, kw] = weight.shape as [number, number, number];
    const pixels = doubles(x.data);
    const factors = outputsLast(weight.data, { O, taps: kh * kw, C, flipped });
    const total = new Float64Array(O);
    for (let pixel = 0; pixel < y.data.length / O; pixel++) {
      total.fill(0);
      forEachTap(x.shape, pixel, kh, kw, flipped, (source, tap) => {
        for (let c = 0; c < C; c++) {
          const value = pixels[source * C + c]!;
          if (inputRelu && value <= 0) continue;
          const at = (tap * C + c) * O;
          for (let o = 0; o < O; o++) total[o]! += value * factors[at + o]!;
        }
      });
      for (let o = 0; o < O; o++) {
        const index = pixel * O + o;
        const sum = total[o]! + (bias?.data[o] ?? 0);
        y.data[index] = (outputRelu && sum < 0 ? 0 : sum) + (addend?.data[index] ?? 0);
      }
    }
  },
};

/** A weight [O, taps, C], or if `flipped` [C, taps, O], as [taps, C, O], for contiguous inner loops. */
function outputsLast(
  weight: ReferenceTensor["data"],
  { O, taps, C, flipped }: { O: number; taps: number; C: number; flipped: boolean },
): Float64Array {
  const result = new Float64Array(weight.length);
  for (let tap = 0; tap < taps; tap++) {
    for (let c = 0; c < C; c++) {
      for (let o = 0; o < O; o++) {
        const from = flipped ? (c * taps + tap) * O + o : (o * taps + tap) * C + c;
        result[(tap * C + c) * O + o] = weight[from]!;
      }
    }
  }
  return result;
}

type WeightGradientAttributes = {
  compute: "float32" | "bfloat16";
  inputRelu: boolean;
  /** The weight's shape [O, kh, kw, C]. */
  kernel: Shape;
  dtype: Dtype;
};

const weightGradientOp: Op<WeightGradientAttributes> = {
  name: "conv2dWeightGradient",
  infer: (_inputs, { kernel, dtype }) => [new TensorSpec(kernel, dtype)],
  schema: { compute: ["float32", "bfloat16"], inputRelu: "boolean" },
  flops: (_attributes, [, dy], [dWeight]) => (2 * dy!.size * dWeight!.size) / dy!.shape.at(-1)!,
  withActivation({ inputs, attributes }, index, activation) {
    if (index !== 0 || activation !== "relu" || attributes.inputRelu) return undefined;
    return applyAll(weightGradientOp, inputs, { ...attributes, inputRelu: true });
  },
  reference({ inputs: [x, dy], outputs: [dWeight], attributes: { inputRelu, kernel } }) {
    if (!x || !dy || !dWeight) return;
    const [O, kh, kw, C] = kernel as readonly [number, number, number, number];
    const [pixels, slopes] = [doubles(x.data), doubles(dy.data)];
    const total = new Float64Array(dWeight.data.length);
    const taps = kh * kw;
    for (let pixel = 0; pixel < slopes.length / O; pixel++) {
      forEachTap(x.shape, pixel, kh, kw, false, (source, tap) => {
        for (let o = 0; o < O; o++) {
          const slope = slopes[pixel * O + o]!;
          const at = (o * taps + tap) * C;
          for (let c = 0; c < C; c++) {
            const value = pixels[source * C + c]!;
            if (inputRelu && value <= 0) continue;
            total[at + c]! += value * slope;
          }
        }
      });
    }
    dWeight.data.set(total);
  },
};

/** The pixels of x under the taps of a kernel centered on (or, mirrored, reaching) pixel `pixel` of the result. */
function forEachTap(
  shape: Shape,
  pixel: number,
  kh: number,
  kw: number,
  mirrored: boolean,
  visit: (source: number, tap: number) => void,
): void {
  const [, H, W] = shape as readonly [number, number, number, number];
  const column = pixel % W;
  const row = Math.floor(pixel / W) % H;
  const direction = mirrored ? -1 : 1;
  for (let ky = 0; ky < kh; ky++) {
    for (let kx = 0; kx < kw; kx++) {
      const down = direction * (ky - (kh - 1) / 2);
      const right = direction * (kx - (kw - 1) / 2);
      const inside = row + down >= 0 && row + down < H && column + right >= 0 && column + right < W;
      if (inside) visit(pixel + down * W + right, ky * kw + kx);
    }
  }
}

/**
 * The convolution of x [B, H, W, C] with `weight` [O, kh, kw, C], plus `bias` [O] -> [B, H, W, O] in the dtype of x. The
 * image is padded with zeros.
 */
export function conv2d(
  x: Tensor,
  weight: Tensor,
  { bias }: { readonly bias?: Tensor | undefined } = {},
): Tensor {
  if (bias && (bias.shape.length !== 1 || bias.shape[0] !== weight.shape[0])) {
    throw shapeError("conv2d", [x, weight, bias], `a bias of shape [${weight.shape[0] ?? "O"}]`);
  }
  const either = x.dtype === "bfloat16" || weight.dtype === "bfloat16" ? "bfloat16" : "float32";
  return apply(convolutionOp, bias ? [x, weight, bias] : [x, weight], {
    compute: either,
    hasBias: bias !== undefined,
    hasAddend: false,
    inputRelu: false,
    outputRelu: false,
    flipped: false,
  });
}
