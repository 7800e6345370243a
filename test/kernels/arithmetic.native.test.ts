import { test } from "vitest";
import * as arithmetic from "../../src/graph/ops/arithmetic.js";
import type { Shape, Tensor } from "../../src/graph/tensor.js";
import {
  type Tolerance,
  combinations,
  conform,
  describeNative,
  floats,
  normals,
  randomShapes,
  sizes,
} from "./conformance.js";

type Binary = (a: Tensor, b: Tensor) => Tensor;

const operations: Readonly<Record<string, readonly [Binary, Tolerance]>> = {
  add: [arithmetic.add, {}],
  subtract: [arithmetic.subtract, {}],
  multiply: [arithmetic.multiply, {}],
  divide: [arithmetic.divide, { relative: 1.2e-7 }],
  maximum: [arithmetic.maximum, {}],
  minimum: [arithmetic.minimum, {}],
  equal: [arithmetic.equal, {}],
  less: [arithmetic.less, {}],
};

/** Pairs of shapes that broadcast: alike, scalars, trailing and leading axes, ones in the middle, new axes. */
const pairs: readonly (readonly [Shape, Shape])[] = [
  ...sizes.map((size) => [[size], [size]] as const),
  ...sizes.map((size) => [[3, size], [size]] as const),
  ...sizes.map(
    (size) =>
      [
        [size, 5],
        [size, 1],
      ] as const,
  ),
  [[], []],
  [[7], []],
  [[], [7]],
  [[1], [1, 1, 1]],
  [[4, 5, 6], [1]],
  [
    [4, 5, 6],
    [5, 6],
  ],
  [
    [4, 5, 6],
    [4, 1, 1],
  ],
  [
    [4, 5, 6],
    [4, 5, 1],
  ],
  [
    [4, 5, 6],
    [4, 1, 6],
  ],
  [
    [4, 5, 6],
    [1, 5, 1],
  ],
  [
    [4, 1, 6],
    [1, 5, 1],
  ],
  [[6], [4, 5, 1]],
  [
    [5, 1],
    [1, 7],
  ],
  [
    [1, 40],
    [40, 1],
  ],
  [
    [2, 1, 3, 1, 2],
    [1, 4, 1, 5, 2],
  ],
  [[0], [1]],
  [[0, 4], [4]],
  [
    [3, 0],
    [3, 1],
  ],
  [
    [20, 401],
    [20, 401],
  ],
  [[20, 401], [401]],
  [
    [20, 401],
    [20, 1],
  ],
];

const randomPairs = randomShapes(40, 4, 5, 9, 40).map(([mask = 0, ...shape], i) => {
  const stretched = (bits: number): number[] =>
    shape.map((size, axis) => ((bits >> axis) & 1 ? 1 : size));
  return [stretched(i % 8), stretched((i * 5 + mask) % 8).slice(mask % 3)] as const;
});

/** Halves of integers, so that some are equal; never 0, which nothing is divided by. */
const halves = (i: number): number => (((i * 7) % 11) - 5.5) / 2;

describeNative("operations of two tensors", () => {
  test.each(Object.entries(operations))(
    "%s, broadcast in every way",
    async (name, [f, tolerance]) => {
      for (const [a, b] of [...pairs, ...randomPairs]) {
        for (const [one, other] of [
          [a, b],
          [b, a],
        ] as const) {
          const second = { shape: other, values: (i: number) => halves(i + 3) };
          await conform(name, f, [{ shape: one, values: halves }, second], tolerance);
        }
      }
    },
  );

  test.each(Object.entries(operations))("%s of all dtypes", async (name, [f, tolerance]) => {
    for (const { ofA, ofB } of combinations({ ofA: floats, ofB: floats })) {
      for (const [a, b] of pairs.filter((_, i) => i % 3 === 0)) {
        const args = [
          { shape: a, dtype: ofA },
          { shape: b, dtype: ofB },
        ];
        await conform(name, f, args, { absolute: name === "divide" ? 1e-5 : 0, ...tolerance });
        await conform(`${name} of what is read again`, (x, y) => [f(x, y), x, y], args, tolerance);
      }
    }
  });

  test.each(["equal", "less"])("%s of integers", async (name) => {
    const [f] = operations[name]!;
    for (const [a, b] of pairs) {
      const near = (i: number): number => 2 ** 24 + ((i * 7) % 3);
      const args = [a, b].map(
        (shape, i) => ({ shape, dtype: "int32", values: (j: number) => near(j + i) }) as const,
      );
      await conform(name, f, args);
    }
  });

  test("of one tensor with itself", async () => {
    for (const [name, [f, tolerance]] of Object.entries(operations)) {
      await conform(name, (x) => f(x, x), [{ shape: [5, 33] }], tolerance);
    }
  });

  test("propagate NaN", async () => {
    const values = [NaN, 1, Infinity, -Infinity, NaN, 2];
    const others = [1, NaN, -Infinity, -Infinity, NaN, 3];
    for (const name of ["add", "multiply", "maximum", "minimum", "equal", "less"]) {
      const [f] = operations[name]!;
      await conform(name, f, [
        { shape: [6], values },
        { shape: [6], values: others },
      ]);
    }
  });
});

describeNative("select", () => {
  test("of all sizes and dtypes", async () => {
    const condition = (i: number): number => [0, 1, -0, 0.5, 0, -3][(i * 5) % 6]!;
    for (const size of [0, ...sizes, 4001]) {
      for (const { ofA, ofB } of combinations({ ofA: floats, ofB: floats })) {
        await conform("select", arithmetic.select, [
          { shape: [size], values: condition },
          { shape: [size], dtype: ofA },
          { shape: [size], dtype: ofB, values: normals(size, 9) },
        ]);
      }
    }
    await conform("select of broadcast inputs", arithmetic.select, [
      { shape: [4, 1], values: condition },
      { shape: [5] },
      { shape: [] },
    ]);
  });
});
