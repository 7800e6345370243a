import { test } from "vitest";
import { apply } from "../../src/graph/trace.js";
import {
  type QuantizedMatmulAttributes,
  quantizeWeights,
  quantizedLinear,
  quantizedMatmulOp,
} from "../../src/graph/ops/quantize.js";
import { quantizedScan } from "../../src/graph/ops/quantized-scan.js";
import {
  type Argument,
  combinations,
  conform,
  describeNative,
  expectSameBits,
  floats,
  normals,
  ofActivation,
  randomShapes,
  sizes,
  truths,
} from "./conformance.js";

/** Whole numbers from -127 to 127, mostly small. */
const wholes = (size: number, seed: number): Float32Array =>
  normals(size, seed, 45).map((x) => Math.round(Math.min(Math.max(x, -127), 127)));

/** Rows whose largest number is 127/8, so that quantizing them loses nothing. */
const exactRows = (rows: number, K: number): Float32Array =>
  wholes(rows * K, 1).map((x, i) => (i % K === 0 ? 127 : x) / 8);

const scales = (n: number): number => 2 ** -((n % 3) + 5);

interface Case {
  readonly dynamic: boolean;
  readonly activation: "none" | "gelu";
  readonly bias: "none" | "float32" | "bfloat16";
  readonly addend: "none" | "float32" | "bfloat16";
  readonly ofX: "float32" | "bfloat16";
  readonly dtype: "float32" | "bfloat16";
  readonly constant: boolean;
}

const plain = {
  activation: "none",
  bias: "none",
  addend: "none",
  ofX: "float32",
  dtype: "float32",
} as const;

/** Factors that 8 bits (and bfloat16, without its last 7) hold exactly: what is left is the rounding of sums. */
async function conformExactly([M, K, N]: readonly number[], options: Case): Promise<void> {
  const { dynamic, activation, bias, addend, ofX, dtype, constant } = options;
  const args: Argument[] = [
    { shape: [M!, K!], dtype: ofX, values: exactRows(M!, K!) },
    { shape: [N!, K!], dtype: "int8", values: wholes(N! * K!, 2), constant },
    { shape: [N!], values: scales, constant },
  ];
  if (bias !== "none") args.push({ shape: [N!], dtype: bias });
  if (addend !== "none") args.push({ shape: [M!, N!], dtype: addend });
  const attributes: QuantizedMatmulAttributes = {
    ...{ dynamic, activation, dtype, packedB: false, K: K!, N: N! },
    hasBias: bias !== "none",
    hasAddend: addend !== "none",
  };
  await conform(
    `quantizedMatmul with ${JSON.stringify(options)}`,
    (...inputs) => apply(quantizedMatmulOp, inputs, attributes),
    args,
    {
      relative: 1e-6,
      absolute: (dynamic ? 2e-5 : 3e-6 * (K! + 8)) + ofActivation(activation, dtype, K!),
    },
  );
}

describeNative("products with weights of 8 bits", () => {
  const modes = combinations({ dynamic: truths, constant: truths });

  test.each(modes)("of all sizes: dynamic $dynamic, constant $constant", async (mode) => {
    const shapes = [
      ...sizes.flatMap((size) => [
        [size, 5, 3],
        [3, size, 5],
        [5, 3, size],
      ]),
      ...randomShapes(15, 50, 300, 200),
      [0, 3, 4],
      [3, 0, 4],
      [3, 4, 0],
      [7, 7001, 70],
    ];
    for (const shape of shapes) await conformExactly(shape, { ...plain, ...mode });
  });

  test.each(modes)("with all epilogues: dynamic $dynamic, constant $constant", async (mode) => {
    const choices = combinations({
      activation: ["none", "gelu"] as const,
      bias: ["none", ...floats] as const,
      addend: ["none", ...floats] as const,
      ofX: floats,
      dtype: floats,
    });
    for (const choice of choices) {
      await conformExactly([3, 6, 5], { ...mode, ...choice });
      await conformExactly([13, 33, 70], { ...mode, ...choice });
    }
  });

  test.each(modes)(
    "of other numbers: dynamic $dynamic, constant $constant",
    async ({ dynamic, constant }) => {
      for (const dtype of floats) {
        for (const [M, K, N] of [
          [3, 40, 65],
          [31, 300, 130],
        ] as const) {
          // Dynamic: a number at the border of two steps may fall to either. Else: factors are rounded to bfloat16.
          const absolute = dynamic ? 0.05 : 2 ** -7 * Math.sqrt(K);
          await conform(
            "quantizedLinear",
            (x, values, scale) =>
              quantizedLinear(x, values, scale, { activations: dynamic ? "dynamic" : "exact" }),
            [
              { shape: [M, K], dtype },
              { shape: [N, K], dtype: "int8", values: wholes(N * K, 2), constant },
              { shape: [N], values: (n) => (1 + (n % 7)) / 700, constant },
            ],
            { absolute },
          );
        }
      }
    },
  );

  test("of rows of zeros, and of numbers of very different magnitudes", async () => {
    for (const { dynamic, constant } of modes) {
      const rowOf = (i: number): number => Math.floor(i / 20);
      const magnitude = (i: number): number => [0, 1e-30, 1, 1e20][rowOf(i)]! * ((i % 7) + 1);
      await conform(
        "quantizedLinear",
        (x, values, scale) =>
          quantizedLinear(x, values, scale, { activations: dynamic ? "dynamic" : "exact" }),
        [
          { shape: [4, 20], values: magnitude },
          {
            shape: [5, 20],
            dtype: "int8",
            values: (i) => (rowOf(i) % 2 === 0 ? 127 : -127),
            constant,
          },
          { shape: [5], values: scales, constant },
        ],
        { relative: 2 ** -6, absolute: 1e-30 },
      );
    }
  });

  test("of as many columns as 32 bits hold the largest sums of", async () => {
    const K = 65_793;
    for (const constant of truths) {
      await conform(
        "quantizedLinear",
        (x, values, scale) => quantizedLinear(x, values, scale),
        [
          { shape: [2, K], values: (i) => (i < K ? 127 : -127) },
          {
            shape: [3, K],
            dtype: "int8",
            values: (i) => [127, -128, 1][Math.floor(i / K)]!,
            constant,
          },
          { shape: [3], values: [1, 1, 1], constant },
        ],
        { relative: 1e-6 },
      );
    }
  });

  test("give the same bits for any number of threads", async () => {
    for (const { dynamic, constant } of modes) {
      await expectSameBits(
        "quantizedLinear",
        (x, values, scale) =>
          quantizedLinear(x, values, scale, { activations: dynamic ? "dynamic" : "exact" }),
        [
          { shape: [201, 700] },
          { shape: [330, 700], dtype: "int8", values: wholes(330 * 700, 2), constant },
          { shape: [330], values: scales, constant },
        ],
      );
    }
  });
});

describeNative("quantized weights", () => {
  const quantize = (w: Parameters<typeof quantizeWeights>[0]) => Object.values(quantizeWeights(w));

  test.each(floats)("of %s are the nearest steps, ties to even", async (dtype) => {
    // Each row's largest number is 127 · 2^e, so that a step is exactly 2^e and halves of steps are ties.
    const halves = (N: number, K: number): Float32Array =>
      wholes(N * K, 1).map((x, i) => (i % K === 0 ? 127 : x / 2) * 2 ** (Math.floor(i / K) % 9));
    for (const [N, K] of [
      ...sizes.map((size) => [3, size]),
      ...randomShapes(10, 100, 300),
    ] as number[][]) {
      await conform(
        "quantizeWeights",
        quantize,
        [{ shape: [N!, K!], dtype, values: halves(N!, K!) }],
        [{}, { relative: 1e-7 }],
      );
    }
  });

  test("of other numbers are within a step, and rows of zeros have scale 1", async () => {
    for (const dtype of floats) {
      const values = normals(60 * 50, 5, 0.02).fill(0, 100, 150);
      await conform(
        "quantizeWeights",
        quantize,
        [{ shape: [60, 50], dtype, values }],
        [{ absolute: 1 }, { relative: 2e-7 }],
      );
    }
  });

  test("with a NaN have a scale that is none", async () => {
    for (const place of [0, 37, 49]) {
      const values = normals(2 * 50, 5, 0.02).fill(NaN, place, place + 1);
      await conform("quantizeWeights", (w) => quantize(w).slice(1), [{ shape: [2, 50], values }]);
    }
  });

  test("of no rows or columns", async () => {
    for (const shape of [
      [0, 5],
      [5, 0],
    ]) {
      await conform("quantizeWeights", quantize, [{ shape }]);
    }
  });
});

describeNative("scans of rows of 8 bits", () => {
  test.each(floats)("of all sizes, with vectors in %s", async (dtype) => {
    const shapes = [
      ...sizes.flatMap((size) => [
        [size, 5, 3],
        [2, size, 5],
        [3, 70, size],
      ]),
      ...randomShapes(10, 5, 300, 1500),
      [0, 3, 4],
      [3, 3, 0],
    ];
    for (const [Q, D, N] of shapes) {
      await conform(
        "quantizedScan",
        quantizedScan,
        [
          { shape: [Q!, D!], dtype, values: exactRows(Q!, D!) },
          { shape: [N!, D!], dtype: "int8", values: wholes(N! * D!, 2), constant: true },
          { shape: [N!], values: scales, constant: true },
        ],
        { relative: 1e-6 },
      );
    }
  });
});
