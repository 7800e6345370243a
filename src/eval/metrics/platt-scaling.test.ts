import { describe, expect, it } from "vitest";
import { foldIn, keyOf, normal, uniform } from "../../base/random.js";
import { calibrationError } from "./calibration.js";
import { calibrated, fitCalibration } from "./platt-scaling.js";

describe("Platt scaling", () => {
  it("finds the temperature and bias that made the outcomes, and lowers the error", () => {
    const logits = normal(keyOf(1), 20_000, 6);
    const truth = calibrated(logits, { temperature: 2.5, bias: -0.7 });
    const draws = uniform(foldIn(keyOf(1), "draws"), truth.length);
    const outcomes = truth.map((p, i) => (draws[i]! < p ? 1 : 0));
    const found = fitCalibration(logits, outcomes)!;
    expect(found.temperature).toBeCloseTo(2.5, 0);
    expect(found.bias).toBeCloseTo(-0.7, 1);
    const before = calibrationError(calibrated(logits), outcomes);
    const after = calibrationError(calibrated(logits, found), outcomes);
    expect(before).toBeGreaterThan(0.05);
    expect(after).toBeLessThan(0.015);
  });

  it("stays finite where logits separate the outcomes, and gives up where they mislead", () => {
    const { temperature, bias } = fitCalibration([-3, -2, 2, 3], [0, 0, 1, 1])!;
    expect(temperature).toBeGreaterThan(0.5);
    expect(bias).toBeCloseTo(0, 6);
    expect(fitCalibration([-3, -2, 2, 3], [1, 1, 0, 0])).toBeUndefined();
    expect(fitCalibration([1, 2], [1, 1])).toBeUndefined();
  });
});
