import { expect, it } from "vitest";
import { evaluate, floats, integers } from "../../test/small-model.js";
import { inkAt } from "./ink.js";

it("only patches with a dark channel have ink", async () => {
  const white = 0.9; // as the codebook reads it
  const pixels = new Float32Array(2 * 3 * 4 * 4).fill(white); // [2, 3, 4, 4], patches of 2 x 2
  const at = (image: number, channel: number, row: number, column: number): number =>
    ((image * 3 + channel) * 4 + row) * 4 + column;
  pixels[at(0, 2, 1, 3)] = 0.1 + 0.8 * 0.7; // one channel of one pixel, in the upper right
  pixels[at(1, 0, 2, 0)] = 0.1 + 0.8 * 0.8; // pale, in the lower left
  pixels[at(1, 1, 3, 3)] = 0.1;
  const given = {
    pixels: floats([2, 3, 4, 4], pixels),
    positions: integers([9], [0, 1, 2, 3, 4, 5, 6, 7, -1]),
  };
  const { ink } = await evaluate(given, (_, views) => ({
    ink: inkAt(views.pixels, 4, views.positions),
  }));
  expect([...ink!]).toEqual([0, 1, 0, 0, 0, 0, 0, 1, 0]);
});
