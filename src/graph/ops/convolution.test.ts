import { describe, expect, it } from "vitest";
import { checkGradient, run } from "../../../test/gradient-check.js";
import { apply } from "../trace.js";
import { placeholder } from "../placeholder.js";
import { type Shape, type Tensor, spec } from "../tensor.js";
import { add } from "./arithmetic.js";
import { conv2d, convolutionOp } from "./convolution.js";
import { relu } from "./elementwise.js";
import { linear } from "./matmul.js";
import { reshape } from "./reshape.js";

const convolve = (x: Tensor, weight: Tensor, bias?: Tensor): Tensor => conv2d(x, weight, { bias });
const close = (actual: readonly number[] | undefined, expected: readonly number[], digits = 9) => {
  expect(actual).toHaveLength(expected.length);
  for (const [i, value] of expected.entries()) expect(actual?.[i]).toBeCloseTo(value, digits);
};

describe("conv2d", () => {
  it("agrees with torch", () => {
    const sines = Array.from({ length: 24 }, (_, i) => Math.sin(i));
    const cosines = Array.from({ length: 54 }, (_, i) => Math.cos(i));
    const [y] = run(
      convolve,
      { shape: [1, 3, 4, 2], values: sines },
      { shape: [3, 3, 3, 2], values: cosines },
      { shape: [3], values: [0.1, 0.2, 0.3] },
    );
    // prettier-ignore
    const expected = [
      -0.8106824264, 1.1585104137, 2.4765233087, 3.3966544569, 3.1915687253, 0.9541111694, -0.5860294772,
      -2.5864740749, -2.6938813002, -2.3376127222, -0.3248672104, 2.044455545, 0.0141699739, 0.8204249404,
      1.2051839348, 0.5257958933, 0.4809144484, 0.2451891144, -0.4576578268, -0.5021709544, -0.0696525997,
      -0.47284621, -0.1719623573, 0.3816202913, 0.9008676283, 2.1602368553, 2.0878866671, 1.2074667245,
      -1.2102036578, -2.669828799, -3.1395662696, -2.1163582159, 0.4805062051, 1.0140704605, 1.7672158108,
      1.4556471101,
    ];
    close(y, expected);
  });

  it("counts neighbors inside the image", () => {
    const ones = (shape: Shape) => ({ shape, values: new Float64Array(6).fill(1) });
    const weight = { shape: [1, 3, 3, 1], values: new Float64Array(9).fill(1) };
    expect(run(convolve, ones([1, 2, 3, 1]), weight)).toEqual([[4, 6, 4, 4, 6, 4]]);
    expect(run(convolve, ones([2, 1, 3, 1]), weight)).toEqual([[2, 3, 2, 2, 3, 2]]);
  });

  it("is a linear layer of each pixel where the kernel is one pixel", () => {
    const bothWays = (x: Tensor, weight: Tensor): readonly Tensor[] => [
      conv2d(x, weight),
      linear(x, reshape(weight, [4, 5])),
    ];
    const [convolved, multiplied] = run(bothWays, { shape: [2, 3, 3, 5] }, { shape: [4, 1, 1, 5] });
    close(convolved, multiplied!);
  });

  it("refuses channels that do not fit, even kernels and other biases", () => {
    const of = (...shape: number[]): Tensor => placeholder(spec(shape), "x");
    expect(() => conv2d(of(1, 4, 4, 3), of(2, 3, 3, 4))).toThrow(
      "conv2d was given float32[1, 4, 4, 3] and float32[2, 3, 3, 4]",
    );
    expect(() => conv2d(of(4, 4, 3), of(2, 3, 3, 3))).toThrow("x [B, H, W, C]");
    expect(() => conv2d(of(1, 4, 4, 3), of(2, 2, 3, 3))).toThrow("odd");
    expect(() => conv2d(of(1, 4, 4, 3), of(2, 3, 3, 3), { bias: of(3) })).toThrow("shape [2]");
  });

  it("has the right gradient", () => {
    checkGradient(convolve, { shape: [2, 3, 4, 2] }, { shape: [3, 3, 3, 2] });
    checkGradient(convolve, { shape: [1, 2, 5, 3] }, { shape: [2, 1, 5, 3] }, { shape: [2] });
    checkGradient(convolve, { shape: [2, 3, 2, 3] }, { shape: [2, 1, 1, 3] });
  });
});

describe("a fused convolution", () => {
  it.each([false, true])("equals its parts; its result clipped: %s", (outputRelu) => {
    const parts = (x: Tensor, weight: Tensor, bias: Tensor, addend: Tensor): readonly Tensor[] => {
      const plain = conv2d(relu(x), weight, { bias });
      const whole = outputRelu ? relu(plain) : plain;
      const fused = apply(convolutionOp, [x, weight, bias, addend], {
        compute: "float32",
        hasBias: true,
        hasAddend: true,
        inputRelu: true,
        outputRelu,
        flipped: false,
      });
      expect(fused.node.op.inPlace?.(fused.node.attributes, [])).toEqual([[0, 3]]);
      return [add(whole, addend), fused];
    };
    const [whole, fused] = run(
      parts,
      { shape: [1, 3, 3, 2] },
      { shape: [2, 3, 3, 2] },
      { shape: [2] },
      { shape: [1, 3, 3, 2] },
    );
    close(fused, whole!, 12);
  });

  it("equals its parts in the weight's gradient", () => {
    const parts = (x: Tensor, dy: Tensor): readonly Tensor[] => {
      const { node } = conv2d(relu(x), placeholder(spec([2, 3, 1, 3]), "weight"));
      const { inputs, outputs, attributes } = node;
      const dWeight = node.op.gradient!({ inputs, outputs, attributes }, [dy])[1]!;
      const clipping = { ...dWeight.node.attributes, inputRelu: true };
      return [dWeight, apply(dWeight.node.op, [x, dy], clipping)];
    };
    const [whole, fused] = run(parts, { shape: [2, 3, 4, 3] }, { shape: [2, 3, 4, 2] });
    expect(fused).toEqual(whole);
  });
});
