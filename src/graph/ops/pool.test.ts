import { describe, expect, it } from "vitest";
import { checkGradient, run } from "../../../test/gradient-check.js";
import { placeholder } from "../placeholder.js";
import { spec } from "../tensor.js";
import { maxPool2x2, upsample2x } from "./pool.js";

describe("maxPool2x2", () => {
  it("takes the highest of four, channel by channel", () => {
    const [y, which] = run((x) => maxPool2x2(x).node.outputs, {
      shape: [1, 2, 4, 2],
      values: [1, 9, 2, 8, 0, 0, 0, -1, 3, 7, 4, 6, 0, 5, 0, 5],
    });
    expect(y).toEqual([4, 9, 0, 5]);
    expect(which).toEqual([3, 0, 0, 2]); // ties go to the first
  });

  it("passes the gradient to the element that was taken", () => {
    checkGradient(maxPool2x2, { shape: [2, 4, 6, 3] });
  });

  it("refuses odd sizes", () => {
    const x = placeholder(spec([1, 3, 4, 1]), "x");
    expect(() => maxPool2x2(x)).toThrow("maxPool2x2 was given float32[1, 3, 4, 1]");
  });
});

describe("upsample2x", () => {
  it("repeats every pixel", () => {
    const [y] = run(upsample2x, { shape: [1, 2, 2, 1], values: [1, 2, 3, 4] });
    expect(y).toEqual([1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4]);
  });

  it("is undone by maxPool2x2", () => {
    const [same, x] = run((x) => [maxPool2x2(upsample2x(x)), x], { shape: [2, 3, 5, 2] });
    expect(same).toEqual(x);
  });

  it("sums the gradients of the copies", () => {
    checkGradient(upsample2x, { shape: [2, 1, 3, 2] });
  });

  it("refuses what is not an image", () => {
    expect(() => upsample2x(placeholder(spec([3, 4, 1]), "x"))).toThrow("images [B, H, W, C]");
  });
});
