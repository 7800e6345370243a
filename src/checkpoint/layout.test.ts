import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Layout, fromStored, storedShape, toStored } from "./layout.js";

describe("layouts", () => {
  const image = { channels: 3, patch: 2 };

  it.each<[Layout, number[], number[]]>([
    ["same", [5, 4], [5, 4]],
    ["token", [4], [1, 1, 4]],
    ["sequence", [7, 4], [1, 7, 4]],
    ["patches", [4, 12], [4, 3, 2, 2]],
    ["convolution", [8, 3, 3, 2], [8, 2, 3, 3]],
  ])("%s: %j is stored as %j", (layout, here, there) => {
    expect(storedShape(layout, here, image)).toEqual(there);
  });

  it("moves the channels of a convolution to the end", () => {
    const stored = Float32Array.of(0, 1, 2, 3, 10, 11, 12, 13); // two channels of 2 x 2
    const ours = Float32Array.of(0, 10, 1, 11, 2, 12, 3, 13);
    expect(fromStored("convolution", [1, 2, 2, 2], stored)).toEqual(ours);
  });

  it("come back from there as they went", () => {
    const side = fc.integer({ min: 1, max: 4 });
    fc.assert(
      fc.property(fc.tuple(side, side, side, side), (shape) => {
        const size = shape.reduce((product, length) => product * length, 1);
        const values = Float32Array.from({ length: size }, (_, index) => index);
        expect(fromStored("convolution", shape, toStored("convolution", shape, values))).toEqual(
          values,
        );
      }),
    );
  });
});
