import { test } from "vitest";
import { gatherRows, scatterAddRows } from "../../src/graph/ops/gather.js";
import {
  type Argument,
  combinations,
  conform,
  describeNative,
  expectFailure,
  expectSameBits,
  floats,
  sizes,
} from "./conformance.js";

/** Ids that repeat, every fifth of them negative. */
const idsBelow = (rows: number) => (i: number) => (i % 5 === 4 ? -1 - i : (i * 31) % rows);

const ids = (shape: readonly number[], rows: number): Argument => ({
  shape,
  dtype: "int32",
  values: idsBelow(rows),
});

describeNative("gatherRows", () => {
  test("of all sizes and dtypes", async () => {
    for (const width of [0, ...sizes, 768]) {
      for (const { table, dtype } of combinations({ table: floats, dtype: floats })) {
        for (const [shape, rows] of [
          [[7], 5],
          [[2, 3], 100],
          [[], 3],
          [[0], 4],
          [[33], 1],
        ] as const) {
          await conform(`gatherRows to ${dtype}`, (t, i) => gatherRows(t, i, { dtype }), [
            { shape: [rows, width], dtype: table },
            ids(shape, rows),
          ]);
        }
      }
    }
  });

  test("of many rows", async () => {
    await conform("gatherRows", (t, i) => gatherRows(t, i), [
      { shape: [1000, 65] },
      ids([40, 77], 1000),
    ]);
  });

  test("refuses an id that is out of range, naming it", async () => {
    const outside = (id: number): Argument => ({
      shape: [4],
      dtype: "int32",
      values: [0, -5, id, 2],
    });
    for (const id of [3, 2 ** 31 - 1]) {
      const words = new RegExp(`gatherRows: .*${id}.*3`);
      await expectFailure((t, i) => gatherRows(t, i), [{ shape: [3, 2] }, outside(id)], words);
    }
    await expectFailure(
      (t, i) => gatherRows(t, i),
      [{ shape: [0, 2] }, outside(0)],
      /gatherRows: .*0/,
    );
  });
});

describeNative("scatterAddRows", () => {
  // Rows are added one after the other in float32.
  const tolerance = { relative: 3e-7, absolute: 3e-6 };

  test("of all sizes and dtypes", async () => {
    for (const width of [0, ...sizes, 768]) {
      for (const dtype of floats) {
        for (const [shape, rows] of [
          [[7], 5],
          [[2, 3], 100],
          [[], 3],
          [[0], 4],
          [[60], 1],
          [[60], 2],
        ] as const) {
          await conform(
            "scatterAddRows",
            (i, dy) => scatterAddRows(i, dy, rows),
            [ids(shape, rows), { shape: [...shape, width], dtype }],
            tolerance,
          );
        }
      }
    }
  });

  test("of many rows", async () => {
    const args = [ids([40, 77], 1000), { shape: [40, 77, 65] }];
    await conform("scatterAddRows", (i, dy) => scatterAddRows(i, dy, 1000), args, tolerance);
  });

  test("refuses an id that is out of range, naming it", async () => {
    const outside: Argument = { shape: [3], dtype: "int32", values: [0, 1, 9] };
    const args = [outside, { shape: [3, 2] }];
    await expectFailure((i, dy) => scatterAddRows(i, dy, 9), args, /scatterAddRows: .*9.*9/);
  });

  test("gives the same bits for any number of threads", async () => {
    for (const rows of [1, 3, 700]) {
      for (const width of [3, 768]) {
        const args = [ids([1500], rows), { shape: [1500, width] }];
        await expectSameBits("scatterAddRows", (i, dy) => scatterAddRows(i, dy, rows), args);
      }
    }
  });
});
