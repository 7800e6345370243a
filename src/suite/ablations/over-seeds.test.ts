import { expect, it } from "vitest";
import { describeOverSeeds, overSeeds } from "./over-seeds.js";

it("gives means over seeds the intervals of Student's distribution", () => {
  const found = overSeeds([70, 72, 74]);
  expect(found.mean).toBe(72);
  expect(found.margin).toBeCloseTo((4.303 * 2) / Math.sqrt(3), 3);
  expect(describeOverSeeds(found)).toBe("72.00 ± 4.97");
  expect(describeOverSeeds(overSeeds([70]))).toBe("70.00");
  const many = overSeeds(Array.from({ length: 31 }, (_, seed) => seed % 2));
  expect(many.margin! * Math.sqrt(31)).toBeCloseTo(2.042 * Math.sqrt(8 / 31), 1); // t of 30 degrees
});
