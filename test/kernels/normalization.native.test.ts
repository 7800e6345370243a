import { test } from "vitest";
import { applyAll } from "../../src/graph/trace.js";
import { add } from "../../src/graph/ops/arithmetic.js";
import { l2Normalize } from "../../src/graph/ops/l2-normalize.js";
import { layerNorm, layerNormGradientOp } from "../../src/graph/ops/layer-norm.js";
import { softmax } from "../../src/graph/ops/softmax.js";
import type { Tensor } from "../../src/graph/tensor.js";
import {
  type Argument,
  combinations,
  conform,
  describeNative,
  expectSameBits,
  floats,
  gradientsOf,
  normals,
  randomShapes,
  sizes,
  truths,
} from "./conformance.js";

const shapes = [
  ...sizes.flatMap((size) => [
    [3, size],
    [size, 5],
  ]),
  ...randomShapes(10, 4, 5, 300),
  [7],
  [0, 4],
  [3, 768],
  [70, 1025],
];

const all = ({ node }: Tensor): readonly Tensor[] => node.outputs;
const lastOf = (shape: readonly number[]): number => shape.at(-1)!;

describeNative("layerNorm", () => {
  test("of all sizes and dtypes", async () => {
    for (const shape of shapes) {
      for (const { x, gain, dtype } of combinations({ x: floats, gain: floats, dtype: floats })) {
        const vector = { shape: [lastOf(shape)], dtype: gain };
        // A row of one element is all mean: what is left of it is rounding, which 1/√epsilon enlarges.
        const tolerance = { relative: 1e-6, absolute: 3e-6 };
        await conform(
          `layerNorm in ${dtype}`,
          (a, b, c) => all(layerNorm(a, b, c, { epsilon: 1e-5, dtype })),
          [{ shape, dtype: x }, vector, vector],
          [tolerance, { absolute: 1e-6 }, { relative: 1e-5 }],
        );
      }
    }
  });

  test("of rows far from 0, and of nearly constant rows", async () => {
    const shape = [5, 100];
    const vector = { shape: [100] };
    const f = (x: Tensor, gain: Tensor, bias: Tensor): Tensor =>
      layerNorm(x, gain, bias, { epsilon: 1e-12 });
    const far = { shape, values: normals(500, 3, 1, 1000) };
    await conform("layerNorm far from 0", f, [far, vector, vector], { absolute: 1e-3 });
    const still = { shape, values: (i: number) => 3 + (i % 3) * 2 ** -10 };
    await conform("layerNorm of small deviations", f, [still, vector, vector], { absolute: 3e-3 });
    const constant = { shape, values: () => 0.5 };
    await conform("layerNorm of constant rows", f, [constant, vector, vector], {});
  });

  const gradientArguments = (
    shape: readonly number[],
    dtypes: readonly ("float32" | "bfloat16")[],
  ): Argument[] => {
    const rows = shape.slice(0, -1);
    const [x = "float32", gain = "float32", dy = "float32", addend = "float32"] = dtypes;
    return [
      { shape, dtype: x },
      { shape: [lastOf(shape)], dtype: gain },
      { shape: rows },
      { shape: rows, values: (i) => 0.5 + (i % 4) / 8 },
      { shape, dtype: dy },
      { shape, dtype: addend },
    ];
  };
  const differentiated =
    (hasAddend: boolean) =>
    (...inputs: Tensor[]): readonly Tensor[] =>
      applyAll(layerNormGradientOp, hasAddend ? inputs : inputs.slice(0, 5), { hasAddend });

  test("has gradients of all sizes and dtypes", async () => {
    const choices = combinations({
      x: floats,
      gain: floats,
      dy: floats,
      addend: floats,
      hasAddend: truths,
    });
    for (const shape of shapes) {
      const rows = shape.slice(0, -1).reduce((a, b) => a * b, 1);
      for (const { x, gain, dy, addend, hasAddend } of choices) {
        if (x !== gain && shape.length < 3) continue; // some shapes will do for the mixtures
        const summed = { relative: 1e-6, absolute: 1e-6 * Math.sqrt(rows + 4) };
        await conform(
          `layerNormGradient${hasAddend ? " with addend" : ""}`,
          differentiated(hasAddend),
          gradientArguments(shape, [x, gain, dy, addend]),
          [{ relative: 1e-6, absolute: 2e-6 }, summed, summed],
        );
      }
    }
  });

  test("is fused with another gradient of its input", async () => {
    for (const dtype of floats) {
      await conform(
        "gradient of a residual branch",
        (x, gain, bias, dy, dx) => {
          const [own] = gradientsOf(layerNorm(x, gain, bias, { epsilon: 1e-6 }), [dy]) as [Tensor];
          return add(dx, own);
        },
        [
          { shape: [6, 33], dtype },
          { shape: [33] },
          { shape: [33] },
          { shape: [6, 33], dtype },
          { shape: [6, 33], dtype },
        ],
        { absolute: dtype === "bfloat16" ? 2 ** -6 : 3e-6 },
      );
    }
  });

  test("gives the same bits for any number of threads", async () => {
    for (const shape of [
      [501, 768],
      [5000, 10],
    ]) {
      await expectSameBits("layerNormGradient", differentiated(true), gradientArguments(shape, []));
      const vector = { shape: [lastOf(shape)] };
      const f = (x: Tensor, gain: Tensor, bias: Tensor) =>
        all(layerNorm(x, gain, bias, { epsilon: 1e-6 }));
      await expectSameBits("layerNorm", f, [{ shape }, vector, vector]);
    }
  });
});

/** f and the gradient that its rule gives for dY. */
const withGradient =
  (f: (x: Tensor) => Tensor) =>
  (x: Tensor, dy: Tensor): Tensor[] => {
    const y = f(x);
    return [...y.node.outputs, gradientsOf(y, [dy])[0]!];
  };

describeNative("l2Normalize and softmax", () => {
  const mixtures = combinations({ x: floats, dy: floats });

  test("of all sizes and dtypes, forward and backward", async () => {
    for (const shape of [...shapes, [5, 0]]) {
      for (const { x, dy } of mixtures) {
        const args = [
          { shape, dtype: x },
          { shape, dtype: dy },
        ];
        // The gradients are computed from the results, which a bfloat16 result has rounded.
        const slack = x === "bfloat16" ? 2 ** -6 : 2e-6;
        const ofY = { relative: 1e-6 };
        await conform("softmax", withGradient(softmax), args, [ofY, { absolute: slack }]);
        // What is left of dY across y may be small, and is divided by the norm of x.
        const ofGradient = { norm: slack, absolute: slack * (lastOf(shape) < 8 ? 8 : 1) };
        await conform(
          "l2Normalize",
          withGradient((a) => l2Normalize(a)),
          args,
          [ofY, ofY, ofGradient],
        );
      }
    }
  });

  test("of rows shorter than epsilon, and of zeros", async () => {
    const values = [...normals(8, 1), ...normals(8, 2, 1e-4), ...new Float32Array(8)];
    for (const dtype of floats) {
      const args = [{ shape: [3, 8], dtype, values }, { shape: [3, 8] }];
      const slack = { relative: 1e-6, absolute: dtype === "bfloat16" ? 2 ** -5 : 1e-5 };
      await conform(
        "l2Normalize",
        withGradient((x) => l2Normalize(x, 0.01)),
        args,
        slack,
      );
    }
  });

  test("of numbers of very different magnitudes", async () => {
    const large = (i: number): number => ((i * 37) % 17) * 100 - 800;
    await conform("softmax", softmax, [{ shape: [4, 30], values: large }], {
      relative: 1e-6,
      absolute: 1e-30,
    });
    const hidden = (i: number): number => (i % 3 === 0 ? -Infinity : i % 5);
    await conform("softmax", softmax, [{ shape: [4, 30], values: hidden }], { relative: 1e-6 });
  });

  test("give the same bits for any number of threads", async () => {
    const args = [{ shape: [300, 517] }, { shape: [300, 517] }];
    await expectSameBits("softmax", withGradient(softmax), args);
    await expectSameBits(
      "l2Normalize",
      withGradient((x) => l2Normalize(x)),
      args,
    );
  });
});
