import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkGradient, run } from "../../../test/gradient-check.js";
import { placeholder } from "../placeholder.js";
import { spec } from "../tensor.js";
import { gatherRows, scatterAddRows } from "./gather.js";

const ids = (shape: readonly number[], ...values: number[]) =>
  ({ shape, dtype: "int32", values, differentiable: false }) as const;
const table = { shape: [3, 2], values: [1, 2, 3, 4, 5, 6] };

describe("gatherRows", () => {
  it("takes the rows that are named, zeros for negative ids", () => {
    const [rows] = run(gatherRows, table, ids([2, 2], 2, 0, -1, 2));
    expect(rows).toEqual([5, 6, 1, 2, 0, 0, 5, 6]);
  });

  it("has the shape of the ids, and the dtype asked for", () => {
    const ofTable = placeholder(spec([9, 4], "bfloat16"), "table");
    const ofIds = placeholder(spec([2, 3], "int32"), "ids");
    expect(String(gatherRows(ofTable, ofIds))).toBe("bfloat16[2, 3, 4]");
    expect(String(gatherRows(ofTable, ofIds, { dtype: "float32" }))).toBe("float32[2, 3, 4]");
  });

  it("names an id that is not in the table", () => {
    expect(() => run(gatherRows, table, ids([2], 0, 3))).toThrow("index 3");
    expect(() => run((n, dy) => scatterAddRows(n, dy, 3), ids([1], 7), { shape: [1, 2] })).toThrow(
      "index 7",
    );
  });

  it("refuses other tables and ids", () => {
    const float = placeholder(spec([3, 2]), "x");
    expect(() => gatherRows(float, float)).toThrow("gatherRows was given float32[3, 2] and");
    const int = placeholder(spec([3], "int32"), "ids");
    expect(() => gatherRows(placeholder(spec([3]), "x"), int)).toThrow("a table [V, D]");
    expect(() => scatterAddRows(int, placeholder(spec([2, 4]), "x"), 5)).toThrow("rows [..., D]");
  });

  it("adds the gradients of rows that are taken several times", () => {
    checkGradient(gatherRows, { shape: [4, 3] }, ids([2, 3], 1, 1, -1, 3, 1, 0));
  });
});

describe("scatterAddRows", () => {
  it("adds rows in place of zeros and skips negative ids", () => {
    const add = (n: Parameters<typeof scatterAddRows>[0], dy: typeof n) => scatterAddRows(n, dy, 3);
    const [sums] = run(add, ids([4], 2, 0, -5, 2), {
      shape: [4, 2],
      values: [1, 2, 3, 4, 5, 6, 7, 8],
    });
    expect(sums).toEqual([3, 4, 0, 0, 8, 10]);
  });

  it("has the gradient gatherRows", () => {
    checkGradient((n, dy) => scatterAddRows(n, dy, 4), ids([3], 3, -1, 3), { shape: [3, 2] });
  });

  it("is the transpose of gatherRows", () => {
    const whole = fc.integer({ min: -9, max: 9 });
    const five = fc.array(whole, { minLength: 5, maxLength: 5 });
    const named = fc.array(fc.integer({ min: -1, max: 4 }), { minLength: 7, maxLength: 7 });
    const seven = fc.array(whole, { minLength: 7, maxLength: 7 });
    const dot = (a: readonly number[], b: readonly number[]): number =>
      a.reduce((sum, value, i) => sum + value * b[i]!, 0);
    fc.assert(
      fc.property(five, named, seven, (rows, which, dy) => {
        const at = ids([7], ...which);
        const [gathered] = run(gatherRows, { shape: [5, 1], values: rows }, at);
        const [scattered] = run((n, y) => scatterAddRows(n, y, 5), at, {
          shape: [7, 1],
          values: dy,
        });
        expect(dot(gathered!, dy)).toBe(dot(rows, scattered!));
      }),
    );
  });
});
