import { expect, it } from "vitest";
import { calibrationError } from "./calibration.js";

it("weighs the distances of bins by their items", () => {
  // Two items near 0.9, of which one is right; two at 0.25, of which none is; one at 1 that is right.
  const error = calibrationError([0.92, 0.98, 0.25, 0.25, 1], [1, 0, 0, 0, 1]);
  expect(error).toBeCloseTo((Math.abs(2.9 - 2) + 0.5) / 5, 9);
  expect(calibrationError([0, 1], [0, 1])).toBe(0);
});
