import { test } from "vitest";
import { affine } from "../../src/graph/ops/affine.js";
import { negate, reciprocal } from "../../src/graph/ops/arithmetic.js";
import { cast } from "../../src/graph/ops/cast.js";
import * as elementwise from "../../src/graph/ops/elementwise.js";
import type { Dtype, Tensor } from "../../src/graph/tensor.js";
import {
  type Tolerance,
  combinations,
  conform,
  describeNative,
  floats,
  gradientsOf,
  normals,
  sizes,
  takesDenormals,
} from "./conformance.js";

type Unary = (x: Tensor) => Tensor;
const { clamp, gelu, relu } = elementwise;

const exact: Tolerance = {};
const close: Tolerance = { relative: 5e-7 };
const everywhere = [...normals(300, 1), ...normals(300, 2, 30), ...normals(100, 3, 1e-5)];
const small = everywhere.filter((x) => Math.abs(x) < 20);
const positive = everywhere.map((x) => Math.abs(x) + 1e-6);

/** The functions, where they are tried, and how far their results may lie from the exact ones. */
const functions: Readonly<
  Record<string, readonly [f: Unary, values: readonly number[], tolerance: Tolerance]>
> = {
  exp: [
    elementwise.exp,
    [...everywhere.filter((x) => Math.abs(x) < 80), 0, -0, -Infinity, Infinity, NaN],
    close,
  ],
  // Near 1 the logarithm is as exact as its argument.
  log: [
    elementwise.log,
    [...positive, 1, 0, Infinity, -1, NaN, takesDenormals ? 1e-38 : 1.2e-38, 3e38],
    { relative: 3e-7, absolute: 3e-8 },
  ],
  tanh: [elementwise.tanh, [...everywhere, 0, -0, Infinity, -Infinity, NaN], close],
  // The reference itself knows the tail beyond -6 to 1e-16 only.
  gelu: [
    gelu,
    [...small, 0, -0, 300, -300, 3e38, -3e38, Infinity, -Infinity, NaN],
    { relative: 2e-6, absolute: 2e-15 },
  ],
  relu: [relu, [...everywhere, 0, -0, Infinity, -Infinity], exact],
  sigmoid: [
    elementwise.sigmoid,
    [...everywhere.filter((x) => x > -80), 0, Infinity, -Infinity, NaN],
    close,
  ],
  sqrt: [elementwise.sqrt, [...positive, 0, Infinity, -1, NaN], exact],
  negate: [negate, [...everywhere, 0, Infinity, NaN], exact],
  reciprocal: [reciprocal, [...everywhere, Infinity, NaN], { relative: 1.2e-7 }],
  cosine: [
    elementwise.cosine,
    everywhere.filter((x) => Math.abs(x) < 30),
    { relative: 3e-7, absolute: 5e-7 },
  ],
  absolute: [elementwise.absolute, [...everywhere, 0, -0, -Infinity, NaN], exact],
  sign: [elementwise.sign, [...everywhere, 0, -0, Infinity, -Infinity], exact],
};

describeNative("functions of one tensor", () => {
  test.each(Object.entries(functions))("%s everywhere", async (name, [f, values, tolerance]) => {
    for (const dtype of floats) {
      await conform(name, f, [{ shape: [values.length], dtype, values }], tolerance);
    }
  });

  test.each(Object.entries(functions))("%s of all sizes", async (name, [f, values, tolerance]) => {
    for (const size of [0, ...sizes]) {
      for (const dtype of floats) {
        await conform(
          name,
          f,
          [{ shape: [size], dtype, values: values.slice(0, size) }],
          tolerance,
        );
      }
    }
    const many = { shape: [50, 1001], values: (i: number) => values[i % 300]! };
    await conform(name, f, [many], tolerance);
    await conform(`${name} of what is read again`, (x) => [f(x), x], [many], tolerance);
    await conform(`${name} of a scalar`, f, [{ shape: [], values: [0.75] }], tolerance);
  });
});

describeNative("gradients of functions of one tensor", () => {
  const bounded: Unary = (x) => clamp(x, -0.5, 1.25);

  test.each([
    ["gelu", gelu, { relative: 2e-6, absolute: 1e-6 }],
    ["relu", relu, exact],
    ["clamp", bounded, exact],
  ] as const)("%s", async (name, f, tolerance) => {
    for (const { ofX, ofDy } of combinations({ ofX: floats, ofDy: floats })) {
      for (const size of [0, ...sizes, 5001]) {
        const bounds = [0, -0.5, 1.25, -0]; // bfloat16 holds them exactly
        const x = {
          shape: [size],
          dtype: ofX,
          values: (i: number) => bounds[i % 7] ?? small[i % small.length]!,
        };
        await conform(
          `the gradient of ${name}`,
          (a, dy) => gradientsOf(f(a), [dy])[0]!,
          [x, { shape: [size], dtype: ofDy }],
          tolerance,
        );
      }
    }
  });
});

describeNative("affine and clamp", () => {
  test("of floating-point numbers", async () => {
    for (const dtype of floats) {
      for (const size of [0, ...sizes]) {
        const x = { shape: [size], dtype };
        await conform("affine", (a) => affine(a, -1.7, 0.3), [x], {
          relative: 1e-7,
          absolute: 2e-7,
        });
        await conform("affine with nothing added", (a) => affine(a, 0.25, 0), [x]);
        await conform("clamp", (a) => clamp(a, -0.5, 0.75), [x]);
      }
      const special = { shape: [4], dtype, values: [Infinity, -Infinity, NaN, 0] };
      await conform("affine", (a) => affine(a, 2, 1), [special]);
      await conform("clamp", (a) => clamp(a, -0.5, 0.75), [special]);
    }
  });

  test("affine of integers", async () => {
    for (const size of sizes) {
      const values = (i: number): number => (i * 7919 - 300) % 100003;
      await conform("affine", (a) => affine(a, -3, 17), [
        { shape: [size], dtype: "int32", values },
      ]);
    }
    // Beyond 2^24, where float32 holds not every whole number.
    const large = [2 ** 24 + 1, -(2 ** 24) - 3, 2 ** 30 + 1];
    await conform("affine", (a) => affine(a, 1, 1), [
      { shape: [3], dtype: "int32", values: large },
    ]);
  });
});

describeNative("cast", () => {
  const whole = (i: number): number => ((i * 37) % 256) - 128;
  /** Numbers that tell how a dtype is rounded to another: ties, bounds, fractions. */
  const telling = [
    0, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 0.49, 0.51, -0.99, 126.5, 127.4, 200, -127.5, -128.5, -1000,
  ];
  const valuesFor: Readonly<Record<Dtype, (i: number) => number>> = {
    float32: (i) => telling[i] ?? everywhere[i % everywhere.length]! * 10,
    bfloat16: (i) => telling[i] ?? everywhere[i % everywhere.length]! * 10,
    int8: whole,
    int32: (i) => whole(i) * 3,
  };
  const dtypes = ["float32", "bfloat16", "int8", "int32"] as const;

  test.each(combinations({ from: dtypes, to: dtypes }).filter(({ from, to }) => from !== to))(
    "from $from to $to",
    async ({ from, to }) => {
      for (const size of [0, ...sizes, 1001]) {
        const values = valuesFor[from];
        await conform("cast", (x) => cast(x, to), [{ shape: [size], dtype: from, values }]);
      }
    },
  );

  test("of integers that float32 cannot represent", async () => {
    const values = [2 ** 24 + 1, 2 ** 31 - 1, -(2 ** 31), 123456789];
    await conform("cast", (x) => cast(x, "float32"), [{ shape: [4], dtype: "int32", values }]);
    const large = { shape: [3], values: [2 ** 30, -(2 ** 31), 16777217] };
    await conform("cast", (x) => cast(x, "int32"), [large]);
    const beyond = [
      NaN,
      Infinity,
      -Infinity,
      2 ** 31,
      -(2 ** 31) - 256,
      3e38,
      -3e38,
      2 ** 31 - 128,
    ];
    for (const dtype of floats)
      for (const to of ["int32", "int8"] as const)
        await conform("cast", (x) => cast(x, to), [{ shape: [8], dtype, values: beyond }]);
  });

  test("to bfloat16 keeps non-finite numbers and rounds ties to even", async () => {
    const values = [NaN, Infinity, -Infinity, 1 + 2 ** -8, 1 + 3 * 2 ** -8, 3.4e38, -0];
    await conform("cast", (x) => cast(cast(x, "bfloat16"), "float32"), [
      { shape: [7], values, rounded: true },
    ]);
  });
});
