import { test } from "vitest";
import { broadcast, sum } from "../../src/graph/ops/broadcast.js";
import { fill } from "../../src/graph/ops/fill.js";
import { argmax, maximumOf, mean } from "../../src/graph/ops/reduce.js";
import type { Shape } from "../../src/graph/tensor.js";
import {
  combinations,
  conform,
  describeNative,
  expectSameBits,
  floats,
  normals,
  randomShapes,
  sizes,
} from "./conformance.js";

/** [outer, reduced, inner] with each of them odd, one, or large. */
const threeAxes = [
  ...sizes.flatMap((size) => [
    [size, 5, 3],
    [3, size, 5],
    [5, 3, size],
    [1, size, size],
    [size, size, 1],
  ]),
  ...randomShapes(20, 20, 90, 70),
  [1, 20011, 1],
  [2, 3001, 7],
  [7, 30, 1001],
  [1, 4000, 64],
];

describeNative("reductions", () => {
  test.each(combinations({ ofX: floats, dtype: floats }))(
    "sum from $ofX to $dtype",
    async ({ ofX, dtype }) => {
      for (const shape of [...threeAxes, [3, 0, 4], [0, 3, 4], [3, 4, 0]]) {
        // Pairs or blocks keep the error of long sums small.
        const absolute = 1e-6 * Math.sqrt(shape[1]!);
        await conform("sum", (x) => sum(x, [1], dtype), [{ shape, dtype: ofX }], {
          relative: 3e-7,
          absolute,
        });
      }
    },
  );

  // Added up one after another they would be off by 1 in 100.
  test("sums of a million equal numbers are accurate", async () => {
    for (const shape of [
      [1, 1_000_000, 1],
      [1, 250_000, 4],
    ]) {
      await conform("sum", (x) => sum(x, [1]), [{ shape, values: () => 0.1 }], { relative: 5e-5 });
    }
  });

  test.each(floats)("maximumOf of %s", async (dtype) => {
    for (const shape of threeAxes) {
      await conform("maximumOf", (x) => maximumOf(x, [1]), [{ shape, dtype }]);
      const values = normals(
        shape.reduce((a, b) => a * b, 1),
        3,
        1,
        -100,
      );
      await conform("maximumOf", (x) => maximumOf(x, [1]), [{ shape, dtype, values }]);
    }
  });

  test("over several axes, and over all", async () => {
    const tolerance = { relative: 1e-6, absolute: 1e-5 };
    for (const axes of [[0], [2], [0, 1], [1, 2], [0, 2], [1, 3], [0, 1, 2, 3], undefined]) {
      const x = { shape: [3, 4, 5, 6] };
      await conform(
        `sum over ${String(axes)}`,
        (a) => [sum(a, axes), mean(a, axes)],
        [x],
        tolerance,
      );
      await conform(`maximumOf over ${String(axes)}`, (a) => maximumOf(a, axes), [x]);
    }
  });

  test("argmax finds the first of equals", async () => {
    const few = (i: number): number => ((i * 7919) % 1013) % 5;
    for (const size of [...sizes, 1001]) {
      for (const dtype of floats) {
        for (const shape of [[3, size], [size], [2, 3, size], [0, size]]) {
          await conform("argmax", argmax, [{ shape, dtype, values: few }]);
          await conform("argmax", argmax, [{ shape, dtype, values: () => -2 }]);
          await conform("argmax", argmax, [{ shape, dtype }]);
        }
      }
    }
    await conform("argmax", argmax, [{ shape: [2, 5], values: () => -Infinity }]);
  });

  test("give the same bits for any number of threads", async () => {
    for (const shape of [
      [1, 300_001, 1],
      [1, 3001, 70],
      [301, 501, 1],
      [7, 501, 33],
    ]) {
      await expectSameBits("sum", (x) => sum(x, [1]), [{ shape }]);
      await expectSameBits("sum", (x) => sum(x, [1], "float32"), [{ shape, dtype: "bfloat16" }]);
    }
  });
});

describeNative("broadcast and fill", () => {
  test("in every way", async () => {
    const cases: (readonly [Shape, Shape])[] = [
      ...sizes.flatMap((size): [Shape, Shape][] => [
        [[size], [3, size]],
        [
          [size, 1],
          [size, 5],
        ],
        [
          [1, size],
          [4, size],
        ],
      ]),
      [[], [7]],
      [[], [2, 3]],
      [[1], [0]],
      [
        [4, 1, 6],
        [2, 4, 5, 6],
      ],
      [
        [1, 5, 1],
        [4, 5, 6],
      ],
      [
        [3, 1, 2, 1],
        [3, 4, 2, 5],
      ],
      [
        [1, 1001],
        [60, 1001],
      ],
    ];
    for (const [from, to] of cases) {
      for (const dtype of floats) {
        await conform(`broadcast to ${to.join(", ")}`, (x) => broadcast(x, to), [
          { shape: from, dtype },
        ]);
      }
    }
  });

  test("fill with a value of every dtype", async () => {
    for (const size of [0, ...sizes, 5001]) {
      for (const dtype of ["float32", "bfloat16", "int32", "int8"] as const) {
        await conform(
          `fill ${size} ${dtype}`,
          () => [fill([size], 3, dtype), fill([size], -100, dtype)],
          [],
        );
      }
    }
    await conform(
      "fill",
      () => [fill([], 0.1), fill([3], 0.1, "bfloat16"), fill([2], 2 ** 31 - 1, "int32")],
      [],
    );
  });
});
