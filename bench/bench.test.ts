import { describe, expect, it } from "vitest";
import { median } from "./measure.js";
import { plot } from "./plot.js";
import { figure, formatRow, judge } from "./report.js";
import { product, productFlops } from "./work.js";

describe("median", () => {
  it.each([
    [[3], 3],
    [[9, 1, 5], 5],
    [[4, 1, 2, 9], 3],
  ])("of %j is %d", (values, middle) => expect(median(values)).toBe(middle));

  it("refuses no values", () => expect(() => median([])).toThrow("no values"));
});

describe("judge", () => {
  const measured = { work: "step", ours: 2, peer: 4, unit: "s" };

  it("holds a time against the most it may be of the peer's", () => {
    expect(judge(measured, { atMost: 0.5 })).toEqual({
      ...measured,
      ratio: 0.5,
      bar: "<= 0.5",
      holds: true,
    });
    expect(judge(measured, { atMost: 0.49 }).holds).toBe(false);
  });

  it("holds a rate against the least it may be", () => {
    expect(judge(measured, { atLeast: 0.5 }).holds).toBe(true);
    expect(judge(measured, { atLeast: 0.51 }).holds).toBe(false);
  });

  it("does not hold what was not measured", () => {
    expect(judge({ ...measured, ours: NaN }, { atMost: 1 }).holds).toBe(false);
    expect(judge({ ...measured, ours: NaN }, { atLeast: 0 }).holds).toBe(false);
  });

  it("judges another ratio where one is given", () => {
    const row = judge({ ...measured, unit: "times", ratio: 2 }, { atLeast: 1.85 });
    expect(formatRow(row)).toBe("| step | 2 | 4 | times | 2.00 | >= 1.85 | yes |");
  });
});

describe("figure", () => {
  it.each([
    [0.012345, "0.0123"],
    [2.5, "2.5"],
    [426.4, "426"],
    [12345, "12345"],
  ])("writes %d as %s", (value, text) => expect(figure(value)).toBe(text));
});

describe("product", () => {
  it("repeats small products until they can be timed, and large ones not", () => {
    expect(product(197, 768, 768, "bfloat16").count).toBe(32);
    expect(product(8192, 3072, 30522, "float32").count).toBe(1);
    const work = product(197, 3072, 768, "bfloat16");
    expect(productFlops(work)).toBe(2 * 197 * 3072 * 768 * work.count);
  });
});

describe("plot", () => {
  it("draws every point of every line", () => {
    const points = [1, 2, 4].map((x) => ({ x, y: 3 * x }));
    const series = ["ours", "peer"].map((name) => ({ name, points }));
    const picture = plot([{ x: "batch", y: "seconds", series }]);
    expect(picture.match(/<circle/g)).toHaveLength(6);
    expect(picture).not.toContain("NaN");
  });
});
