import { test } from "vitest";
import { concatenate } from "../../src/graph/ops/concatenate.js";
import { permute } from "../../src/graph/ops/permute.js";
import { pad, slice } from "../../src/graph/ops/slice.js";
import { copyInto } from "../../src/graph/ops/update.js";
import type { Shape } from "../../src/graph/tensor.js";
import {
  type Argument,
  conform,
  describeNative,
  gradientsOf,
  randomShapes,
  sizes,
} from "./conformance.js";

const dtypes = ["float32", "bfloat16", "int8", "int32"] as const;

/** Whole numbers that every dtype holds, different from their neighbors. */
const marks = (i: number): number => ((i * 89) % 251) - 125;

const ofEveryDtype = async (
  f: (dtype: (typeof dtypes)[number]) => Promise<void>,
): Promise<void> => {
  for (const dtype of dtypes) await f(dtype);
};

function permutations(rank: number): number[][] {
  if (rank === 0) return [[]];
  return permutations(rank - 1).flatMap((order) =>
    Array.from({ length: rank }, (_, at) => order.toSpliced(at, 0, rank - 1)),
  );
}

describeNative("permute", () => {
  test("for every permutation of the axes", async () => {
    const shapes: Shape[] = [
      [7],
      [5, 9],
      [3, 4, 5],
      [2, 3, 4, 5],
      [2, 1, 3, 2, 4],
      [8, 16, 4, 2],
      [0, 3],
      [2, 0, 4, 3],
    ];
    for (const shape of shapes) {
      for (const axes of permutations(shape.length)) {
        await ofEveryDtype((dtype) =>
          conform(`permute ${axes.join(", ")}`, (x) => permute(x, axes), [
            { shape, dtype, values: marks },
          ]),
        );
      }
    }
  });

  test("of matrices of all sizes", async () => {
    for (const size of sizes) {
      for (const shape of [
        [size, 5],
        [5, size],
        [size, size],
        [3, size, 17],
        [size, 70, 3],
      ]) {
        const axes = shape.length === 2 ? [1, 0] : [2, 0, 1];
        const others = shape.length === 2 ? [1, 0] : [0, 2, 1];
        await ofEveryDtype((dtype) =>
          conform("permute", (x) => [permute(x, axes), permute(x, others)], [
            { shape, dtype, values: marks },
          ]),
        );
      }
    }
    await conform("permute", (x) => permute(x, [1, 0]), [{ shape: [700, 801] }]);
  });
});

describeNative("concatenate", () => {
  test("along every axis", async () => {
    for (const [a, b, c, d] of randomShapes(12, 5, 9, 20, 33) as [
      number,
      number,
      number,
      number,
    ][]) {
      for (const axis of [0, 1, 2]) {
        const shapes = [a, b, c].map((size) => [3, 4, d].with(axis, size));
        await ofEveryDtype((dtype) =>
          conform(
            `concatenate along ${axis}`,
            (...parts) => concatenate(parts, axis),
            shapes.map((shape): Argument => ({ shape, dtype, values: marks })),
          ),
        );
      }
    }
  });

  test("of many tensors, of empty ones, and of one with itself", async () => {
    const part = (size: number): Argument => ({ shape: [size, 3] });
    await conform(
      "concatenate",
      (...parts) => concatenate(parts, 0),
      Array.from({ length: 60 }, (_, i) => part(i % 7)),
    );
    await conform("concatenate", (...parts) => concatenate(parts, 0), [part(0), part(0)]);
    await conform("concatenate", (...parts) => concatenate(parts, 0), [part(0), part(4)]);
    await conform("concatenate", (x) => concatenate([x, x, x], 1), [{ shape: [5, 9] }]);
    await conform("concatenate", (x, y) => concatenate([x, y], 1), [
      { shape: [301, 400] },
      { shape: [301, 257] },
    ]);
  });
});

describeNative("slice and pad", () => {
  test("along every axis", async () => {
    for (const shape of [[9], [5, 33], [4, 5, 18], [3, 4, 5, 6], [2, 3, 2, 4, 3]]) {
      for (const axis of shape.keys()) {
        const size = shape[axis]!;
        for (const [start, end] of [
          [0, 1],
          [1, size],
          [size - 1, size],
          [1, 1],
        ] as const) {
          await ofEveryDtype((dtype) =>
            conform(
              `slice of axis ${axis}, ${start} to ${end}`,
              (x) => slice(x, axis, start, end),
              [{ shape, dtype, values: marks }],
            ),
          );
        }
      }
    }
  });

  test("along several axes at once", async () => {
    for (const [a, b, c, room] of randomShapes(20, 6, 7, 40, 5) as [
      number,
      number,
      number,
      number,
    ][]) {
      const whole = [a + room, b, c + 2 * room + 1];
      const starts = [room - 1, 0, room + 1];
      await ofEveryDtype((dtype) =>
        conform(
          `pad into ${whole.join(", ")}`,
          (x, dy) => {
            const y = pad(x, starts, whole);
            return [y, gradientsOf(y, [dy])[0]!];
          },
          [
            { shape: [a, b, c], dtype, values: marks },
            { shape: whole, dtype, values: marks },
          ],
        ),
      );
    }
  });

  test("of nothing, and of scalars", async () => {
    await conform("pad of nothing", (x) => pad(x, [1, 0], [4, 3]), [{ shape: [0, 3] }]);
    await conform("pad", (x) => pad(x, [1, 2, 1, 0], [3, 5, 4, 6]), [{ shape: [1, 2, 1, 6] }]);
    await conform("large pad", (x) => pad(x, [100, 3], [900, 130]), [{ shape: [700, 120] }]);
  });
});

describeNative("copy", () => {
  test("of all sizes and dtypes", async () => {
    for (const size of [0, ...sizes, 70001]) {
      await ofEveryDtype((dtype) =>
        conform("copy", (target, value) => copyInto(target, value), [
          { shape: [size], dtype, values: () => 1 },
          { shape: [size], dtype, values: marks },
        ]),
      );
    }
  });
});
