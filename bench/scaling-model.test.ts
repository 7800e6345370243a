import { expect, it } from "vitest";
import { type Link, exchangeSeconds, stepSeconds } from "./scaling-model.js";

const link: Link = { gigabits: 8, latency: 0 }; // a gigabyte per second
const cost = { computing: 10, gradientBytes: 1e9, overlapping: 0.6 };

it("gradients cross a link twice, but for the own slice", () => {
  expect(exchangeSeconds(1e9, 1, link)).toBe(0);
  expect(exchangeSeconds(1e9, 2, link)).toBeCloseTo(1, 2);
  expect(exchangeSeconds(1e9, 4, link)).toBeCloseTo(1.5, 2);
});

it("an exchange hides behind the backward pass, but for its last bucket and what is longer", () => {
  expect(stepSeconds(cost, 1, link)).toBe(10);
  expect(stepSeconds(cost, 2, link)).toBeGreaterThan(10);
  expect(stepSeconds(cost, 2, link)).toBeCloseTo(10, 1);
  const slow = { ...link, gigabits: 0.8 };
  expect(stepSeconds(cost, 2, slow)).toBeCloseTo(10 + 10 - 6, 1);
});
