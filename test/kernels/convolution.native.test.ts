import { test } from "vitest";
import { apply } from "../../src/graph/trace.js";
import { add } from "../../src/graph/ops/arithmetic.js";
import { conv2d, convolutionOp } from "../../src/graph/ops/convolution.js";
import { relu } from "../../src/graph/ops/elementwise.js";
import { type Tensor, spec } from "../../src/graph/tensor.js";
import { placeholder } from "../../src/graph/placeholder.js";
import {
  type Argument,
  type Tolerance,
  combinations,
  conform,
  describeNative,
  expectSameBits,
  fewerOnDevice,
  floats,
  gradientsOf,
  randomShapes,
  truths,
} from "./conformance.js";

interface Images {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly outputs: number;
  readonly kh: number;
  readonly kw: number;
}

const shapes: Images[] = randomShapes(30, 3, 9, 9, 20, 70, 3, 3).map(
  ([batch, height, width, channels, outputs, down, right]) =>
    ({
      batch,
      height,
      width,
      channels,
      outputs,
      kh: 2 * down! - 1,
      kw: 2 * right! - 1,
    }) as Images,
);
const one = { batch: 1, height: 1, width: 1, channels: 1, outputs: 1, kh: 1, kw: 1 };
shapes.push(
  one,
  { ...one, kh: 7, kw: 7, channels: 3 },
  { ...one, batch: 0, kh: 3, kw: 3 },
  { ...one, batch: 2, height: 8, width: 8, channels: 64, outputs: 64, kh: 3, kw: 3 },
  { ...one, batch: 2, height: 16, width: 17, channels: 3, outputs: 65, kh: 7, kw: 7 },
  { ...one, batch: 2, height: 4, width: 5, channels: 200, outputs: 33 },
  { ...one, height: 5, width: 4, channels: 250, outputs: 9, kh: 5, kw: 3 },
  // Few channels: whole vectors of several pixels, and rows that end within one.
  { ...one, batch: 2, height: 8, width: 8, channels: 5, outputs: 8, kh: 3, kw: 3 },
  { ...one, height: 4, width: 6, channels: 7, outputs: 16, kh: 5, kw: 3 },
  { ...one, batch: 2, height: 3, width: 12, channels: 3, outputs: 3, kw: 7 },
  { ...one, height: 2, width: 4, channels: 33, outputs: 1, kh: 3, kw: 9 },
  { ...one, height: 3, width: 8, channels: 8, outputs: 32 },
  { ...one, height: 3, width: 8, channels: 3, outputs: 5 },
);

interface Form {
  readonly compute: "float32" | "bfloat16";
  readonly bias: boolean;
  readonly addend: boolean;
  readonly inputRelu: boolean;
  readonly outputRelu: boolean;
  readonly flipped: boolean;
}

const forms = combinations({
  compute: floats,
  bias: truths,
  addend: truths,
  inputRelu: truths,
  outputRelu: truths,
  flipped: truths,
});

const ofDepth = (depth: number): Tolerance => ({ relative: 3e-7, absolute: 3e-7 * (depth + 8) });

async function conformIn(
  form: Form,
  { batch, height, width, channels, outputs, kh, kw }: Images,
  dtypes: readonly ("float32" | "bfloat16")[],
): Promise<void> {
  const { compute, bias, addend, inputRelu, outputRelu, flipped } = form;
  const rounded = compute === "bfloat16";
  const [ofX = "float32", ofWeight = "float32", ofBias = "float32", ofAddend = "float32"] = dtypes;
  const kernel = flipped ? [channels, kh, kw, outputs] : [outputs, kh, kw, channels];
  const args: Argument[] = [
    { shape: [batch, height, width, channels], dtype: ofX, rounded },
    { shape: kernel, dtype: ofWeight, rounded },
  ];
  if (bias) args.push({ shape: [outputs], dtype: ofBias });
  if (addend) args.push({ shape: [batch, height, width, outputs], dtype: ofAddend });
  await conform(
    `conv2d with ${JSON.stringify(form)}`,
    (...inputs) =>
      apply(convolutionOp, inputs, {
        compute,
        hasBias: bias,
        hasAddend: addend,
        inputRelu,
        outputRelu,
        flipped,
      }),
    args,
    ofDepth(kh * kw * channels),
  );
}

/** The operation that gives the gradient of a convolution's weight. */
function weightGradient(
  x: Tensor,
  dy: Tensor,
  { outputs, kh, kw, channels }: Images,
  attributes: {
    compute: "float32" | "bfloat16";
    inputRelu: boolean;
    dtype: "float32" | "bfloat16";
  },
): Tensor {
  const kernel = [outputs, kh, kw, channels];
  const y = conv2d(x, placeholder(spec(kernel), "weight"));
  const [, rule] = gradientsOf(y, [dy]) as [Tensor, Tensor];
  return apply(rule.node.op, [x, dy], { kernel, ...attributes });
}

describeNative("convolutions", () => {
  test.each(forms.map((form, turn) => ({ ...form, turn })))(
    "of all sizes: $compute, bias $bias, addend $addend, inputRelu $inputRelu, outputRelu $outputRelu, flipped $flipped",
    async ({ turn, ...form }) => {
      for (const images of fewerOnDevice(shapes, { turn, oneIn: 40 }))
        await conformIn(form, images, []);
    },
  );

  test("of all dtypes", async () => {
    const images = {
      ...one,
      batch: 2,
      height: 5,
      width: 6,
      channels: 9,
      outputs: 17,
      kh: 3,
      kw: 3,
    };
    const choices = combinations({ x: floats, weight: floats, bias: floats, addend: floats });
    for (const [turn, form] of forms.filter(({ bias, addend }) => bias && addend).entries()) {
      for (const { x, weight, bias, addend } of fewerOnDevice(choices, { turn, oneIn: 16 })) {
        await conformIn(form, images, [x, weight, bias, addend]);
        await conformIn(form, { ...one, height: 2, width: 2, outputs: 4 }, [
          x,
          weight,
          bias,
          addend,
        ]);
      }
    }
  });

  const gradientForms = combinations({ compute: floats, inputRelu: truths });
  test.each(gradientForms.map((form, turn) => ({ ...form, turn })))(
    "have a gradient for the weight: $compute, inputRelu $inputRelu",
    async ({ compute, inputRelu, turn }) => {
      const rounded = compute === "bfloat16";
      for (const images of fewerOnDevice(shapes, { turn, oneIn: 20 })) {
        const { batch, height, width, channels, outputs } = images;
        for (const { ofX, ofDy, dtype } of combinations({
          ofX: floats,
          ofDy: floats,
          dtype: floats,
        })) {
          if (ofX !== dtype && images.batch !== 2) continue; // the same code: some shapes will do
          await conform(
            "conv2dWeightGradient",
            (x, dy) => weightGradient(x, dy, images, { compute, inputRelu, dtype }),
            [
              { shape: [batch, height, width, channels], dtype: ofX, rounded },
              { shape: [batch, height, width, outputs], dtype: ofDy, rounded },
            ],
            ofDepth(batch * height * width),
          );
        }
      }
    },
  );

  test("have a gradient for the weight of many pixels, whose sums the threads share", async () => {
    for (const { compute, outputs } of combinations({ compute: floats, outputs: [5, 14] })) {
      const images = { batch: 3, height: 56, width: 58, channels: 3, outputs, kh: 3, kw: 3 };
      const pixels = [images.batch, images.height, images.width];
      const inputs = [
        { shape: [...pixels, images.channels], dtype: compute },
        { shape: [...pixels, outputs], dtype: compute },
      ];
      const gradient = (x: Tensor, dy: Tensor): Tensor =>
        weightGradient(x, dy, images, { compute, inputRelu: true, dtype: "float32" });
      await conform("conv2dWeightGradient", gradient, inputs, ofDepth(3 * 56 * 58));
      await expectSameBits("conv2dWeightGradient", gradient, inputs);
    }
  });

  test("of neighborhoods too deep to be summed where they lie", async () => {
    const deep = { ...one, height: 2, width: 4, channels: 520, outputs: 5, kh: 3, kw: 3 };
    const plain = { bias: true, addend: true, inputRelu: true, outputRelu: true };
    for (const form of combinations({ compute: floats, flipped: truths })) {
      await conformIn({ ...plain, ...form }, deep, []);
    }
  });

  test("are fused with the preceding relu and the following sum", async () => {
    const image = { shape: [2, 5, 4, 6] };
    for (const dtype of floats) {
      await conform(
        "residual block",
        (x, weight, bias) => {
          const y = conv2d(relu(x), weight, { bias });
          return [add(x, y), add(conv2d(relu(x), weight), x)];
        },
        [{ ...image, dtype }, { shape: [6, 3, 3, 6], dtype }, { shape: [6] }],
        { ...ofDepth(54), absolute: dtype === "bfloat16" ? 2 ** -4 : 1e-5 },
      );
    }
  });

  test("give the same bits for any number of threads", async () => {
    for (const compute of floats) {
      const dtype = compute;
      const x = { shape: [3, 20, 21, 33], dtype };
      const images = {
        ...one,
        batch: 3,
        height: 20,
        width: 21,
        channels: 33,
        outputs: 70,
        kh: 3,
        kw: 3,
      };
      await expectSameBits("conv2d", (a, weight) => conv2d(a, weight), [
        x,
        { shape: [70, 3, 3, 33], dtype },
      ]);
      await expectSameBits(
        "conv2dWeightGradient",
        (a, dy) => weightGradient(a, dy, images, { compute, inputRelu: false, dtype: "float32" }),
        [x, { shape: [3, 20, 21, 70], dtype }],
      );
    }
  });
});
