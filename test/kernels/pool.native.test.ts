import { test } from "vitest";
import { maxPool2x2, upsample2x } from "../../src/graph/ops/pool.js";
import type { Tensor } from "../../src/graph/tensor.js";
import {
  combinations,
  conform,
  describeNative,
  floats,
  gradientsOf,
  randomShapes,
  sizes,
} from "./conformance.js";

const shapes = [
  ...sizes.map((channels) => [2, 3, 2, channels]),
  ...randomShapes(10, 3, 9, 9, 20),
  [1, 1, 1, 1],
  [0, 2, 2, 3],
  [2, 0, 2, 3],
  [2, 2, 2, 0],
  [2, 20, 31, 64],
];

/** The results of f, and the gradient of its argument. */
const withGradient =
  (f: (x: Tensor) => Tensor) =>
  (x: Tensor, dy: Tensor): Tensor[] => {
    const y = f(x);
    return [...y.node.outputs, gradientsOf(y, [dy])[0]!];
  };

const mixtures = combinations({ x: floats, dy: floats });

describeNative("pooling and its reverse", () => {
  test("maxPool2x2, the first of equals, forward and backward", async () => {
    const few = (i: number): number => (((i * 7919) % 1013) % 4) - 2;
    for (const [B, H, W, C] of shapes as [number, number, number, number][]) {
      for (const { x, dy } of mixtures) {
        const gradient = { shape: [B, H, W, C], dtype: dy };
        const image = { shape: [B, 2 * H, 2 * W, C], dtype: x };
        await conform("maxPool2x2", withGradient(maxPool2x2), [image, gradient]);
        await conform("maxPool2x2", withGradient(maxPool2x2), [
          { ...image, values: few },
          gradient,
        ]);
      }
    }
  });

  test("upsample2x, forward and backward", async () => {
    for (const [B, H, W, C] of shapes as [number, number, number, number][]) {
      for (const { x, dy } of mixtures) {
        await conform(
          "upsample2x",
          withGradient(upsample2x),
          [
            { shape: [B, H, W, C], dtype: x },
            { shape: [B, 2 * H, 2 * W, C], dtype: dy },
          ],
          [{}, { relative: 2e-7, absolute: 1e-6 }],
        );
      }
    }
  });
});
