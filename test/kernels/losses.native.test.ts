import { test } from "vitest";
import { softmaxCrossEntropy } from "../../src/graph/ops/cross-entropy.js";
import type { Tensor } from "../../src/graph/tensor.js";
import {
  type Argument,
  conform,
  describeNative,
  expectFailure,
  expectSameBits,
  floats,
  gradientsOf,
  randomShapes,
  sizes,
} from "./conformance.js";

/** The losses, their logSumExp, and the gradient of the logits, which may take the place of the logits. */
const all = (logits: Tensor, labels: Tensor, weights: Tensor, dLoss: Tensor): Tensor[] => {
  const loss = softmaxCrossEntropy(logits, labels, weights);
  return [...loss.node.outputs, gradientsOf(loss, [dLoss])[0]!];
};

/** Every fourth row has weight 0 and a label that is none. */
function argumentsOf(
  rows: number,
  width: number,
  logits: Omit<Argument, "shape"> = {},
): Argument[] {
  const skipped = (row: number): boolean => row % 4 === 3;
  return [
    { shape: [rows, width], ...logits },
    {
      shape: [rows],
      dtype: "int32",
      values: (row) =>
        skipped(row) ? [-1, width, -100, 2 ** 30][(row >> 2) % 4]! : (row * 31) % width,
    },
    { shape: [rows], values: (row) => (skipped(row) ? 0 : 0.5 + (row % 3)) },
    { shape: [rows] },
  ];
}

const tolerance = [
  { relative: 1e-6, absolute: 3e-6 },
  { relative: 1e-6, absolute: 1e-6 },
  { relative: 3e-6, absolute: 3e-6 },
];

describeNative("softmaxCrossEntropy", () => {
  test.each(floats)("of all sizes, forward and backward: %s", async (dtype) => {
    const shapes = [
      ...sizes.flatMap((size) => [
        [5, size],
        [size, 10],
      ]),
      ...randomShapes(10, 40, 700),
      [0, 5],
      [6, 8192],
      [2, 30522],
    ];
    for (const [rows, width] of shapes) {
      await conform("softmaxCrossEntropy", all, argumentsOf(rows!, width!, { dtype }), tolerance);
    }
  });

  test("of logits that are read again, so the gradient cannot overwrite them", async () => {
    const f = (...inputs: [Tensor, Tensor, Tensor, Tensor]): Tensor[] => [
      ...all(...inputs),
      inputs[0],
    ];
    await conform("softmaxCrossEntropy", f, argumentsOf(13, 33), [...tolerance, {}]);
  });

  test("of logits of very different magnitudes", async () => {
    const values = (i: number): number => ((i * 37) % 19) * 200 - 1800;
    // The gradient is computed from a logSumExp near 1800, which is rounded to 2^-14.
    const enlarged = { relative: 2 ** -13, absolute: 1e-6 };
    const args = argumentsOf(9, 40, { values });
    await conform("softmaxCrossEntropy", all, args, [...tolerance.slice(0, 2), enlarged]);
    const hidden = (i: number): number => (i % 40 === 39 ? -Infinity : i % 7);
    await conform("softmaxCrossEntropy", all, argumentsOf(2, 40, { values: hidden }), tolerance);
  });

  test("ignores rows of weight 0, even non-finite ones", async () => {
    const values = (i: number): number => (Math.floor(i / 21) % 4 === 3 ? NaN : i % 5);
    await conform("softmaxCrossEntropy", all, argumentsOf(8, 21, { values }), tolerance);
  });

  test("refuses a label that is out of range, naming it", async () => {
    for (const label of [-1, 7, 2 ** 31 - 1]) {
      const [logits, , weights, dLoss] = argumentsOf(3, 7);
      const labels = { shape: [3], dtype: "int32", values: [0, label, 6] } as const;
      const words = new RegExp(`softmaxCrossEntropy: (?=.*row 1 ).*label.* ${label}`);
      await expectFailure(all, [logits!, labels, weights!, dLoss!], words);
    }
  });

  test("gives the same bits for any number of threads", async () => {
    const f = all;
    await expectSameBits("softmaxCrossEntropy", f, argumentsOf(600, 1000));
    await expectSameBits("softmaxCrossEntropy", f, argumentsOf(3, 60000, { dtype: "bfloat16" }));
  });
});
