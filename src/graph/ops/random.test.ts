import { describe, expect, it } from "vitest";
import { checkGradient, run } from "../../../test/gradient-check.js";
import { foldIn as foldKey, keyOf, normalAt, uniformAt } from "../../base/random.js";
import { placeholder } from "../placeholder.js";
import { type Tensor, spec } from "../tensor.js";
import { dropout, foldIn, gumbel, normal, uniform } from "./random.js";

const words = keyOf(2026);
const key = { shape: [2], dtype: "int32", values: words, differentiable: false } as const;
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

describe("random tensors", () => {
  it("hold the numbers of the key", () => {
    const [u, n, g] = run((k) => [uniform(k, [3, 5]), normal(k, [4]), gumbel(k, [2])], key) as [
      number[],
      number[],
      number[],
    ];
    expect(u).toEqual(Array.from({ length: 15 }, (_, i) => uniformAt(words, i)));
    expect(n).toEqual(Array.from({ length: 4 }, (_, i) => normalAt(words, i)));
    expect(g).toEqual([0, 1].map((i) => -Math.log(-Math.log(uniformAt(words, i)))));
  });

  it("have the moments of the Gumbel distribution", () => {
    const [g] = run((k) => gumbel(k, [20_000]), key) as [number[]];
    const average = mean(g);
    expect(average).toBeCloseTo(0.5772, 1);
    expect(mean(g.map((value) => (value - average) ** 2))).toBeCloseTo(Math.PI ** 2 / 6, 1);
  });

  it("need a key", () => {
    const noKey = placeholder(spec([2]), "key");
    expect(() => uniform(noKey, [3])).toThrow("uniform was given float32[2]; it expects a key");
    expect(() => dropout(noKey, noKey, 0.5)).toThrow("a key int32[2]");
  });
});

describe("dropout", () => {
  const drop = (rate: number) => (x: Tensor, k: Tensor) => dropout(x, k, rate);

  it("keeps and scales where the uniform numbers say so", () => {
    const [y] = run(drop(0.25), { shape: [40], values: new Float64Array(40).fill(3) }, key);
    expect(y).toEqual(Array.from({ length: 40 }, (_, i) => (uniformAt(words, i) < 0.25 ? 0 : 4)));
  });

  it("keeps the mean", () => {
    const ones = { shape: [20_000], values: new Float64Array(20_000).fill(1) };
    expect(mean(run(drop(0.1), ones, key)[0]!)).toBeCloseTo(1, 1.5);
  });

  it("drops the same elements of the gradient", () => {
    checkGradient(drop(0.5), { shape: [3, 7] }, key);
  });

  it("is nothing at rate 0, and refuses other rates outside of [0, 1)", () => {
    const x = placeholder(spec([3]), "x");
    const k = placeholder(spec([2], "int32"), "key");
    expect(dropout(x, k, 0)).toBe(x);
    for (const rate of [1, -0.1, NaN]) expect(() => dropout(x, k, rate)).toThrow(RangeError);
  });
});

describe("foldIn", () => {
  it("is that of base/random", () => {
    expect(run((k) => foldIn(k, 7), key)).toEqual([[...foldKey(words, 7)]]);
  });

  it("gives other keys for other constants and data", () => {
    const step = (value: number) => ({ shape: [], dtype: "int32", values: [value] }) as const;
    const folded = (k: Tensor, data: Tensor): Tensor[] => [foldIn(k, 1, data), foldIn(k, 2, data)];
    const keys = [step(0), step(1), step(2)].flatMap((data) => run(folded, key, data));
    expect(new Set(keys.map(String)).size).toBe(6);
    expect(keys[0]).toEqual([...foldKey(words, 1)]); // data 0 equals no data
  });

  it("refuses data that is not one int32", () => {
    const k = placeholder(spec([2], "int32"), "key");
    expect(() => foldIn(k, 1, k)).toThrow("data int32[]");
  });
});
