import { describe, expect, it } from "vitest";
import { checkGradient, randomValues, run } from "../../test/gradient-check.js";
import { divergenceFromUniform, logitLaplace } from "./reconstruction.js";

/** Points in (0, 1), far from the kink where logit(x) equals the location. */
const inside = (size: number): number[] =>
  randomValues(size, 3).map((value) => 0.1 + 0.8 / (1 + Math.exp(-value)));

describe("logitLaplace", () => {
  it("has the gradient of its values", () => {
    checkGradient(
      logitLaplace,
      { shape: [2, 1, 2, 3], values: inside(12) },
      { shape: [2, 1, 2, 6] },
    );
  });

  it.each([
    [0, 0],
    [1.5, -1],
    [-2, -0.5],
  ])("is a density with location %d and log scale %d", (location, logScale) => {
    const steps = 20_000;
    const places = Array.from({ length: steps }, (_, index) => (index + 0.5) / steps);
    const distribution = places.flatMap(() => [location, logScale]);
    const [losses] = run(
      logitLaplace,
      { shape: [1, 1, steps, 1], values: places },
      { shape: [1, 1, steps, 2], values: distribution },
    );
    const integral = losses!.reduce((sum, loss) => sum + Math.exp(-loss) / steps, 0);
    expect(integral).toBeCloseTo(1, 3);
  });

  it("reads all locations before all scales", () => {
    const values = [0, 10, 20, 0, 1, 2]; // three colors at logit 0
    const [losses] = run(
      logitLaplace,
      { shape: [1, 1, 1, 3], values: [0.5, 0.5, 0.5] },
      { shape: [1, 1, 1, 6], values },
    );
    const expected = [0, 1, 2].map(
      (s) => Math.log(2) + s + Math.log(0.25) + (10 * s) / Math.exp(s),
    );
    for (const [index, loss] of losses!.entries()) expect(loss).toBeCloseTo(expected[index]!, 10);
  });
});

describe("divergenceFromUniform", () => {
  it("has the gradient of its values", () => {
    checkGradient(divergenceFromUniform, { shape: [2, 1, 2, 5] });
  });

  it("is 0 for equally frequent codes and ln V for a single code, averaged over cells", () => {
    const of = (...values: number[]): number =>
      run(divergenceFromUniform, { shape: [1, 1, values.length / 4, 4], values })[0]![0]!;
    expect(of(3, 3, 3, 3)).toBeCloseTo(0, 12);
    expect(of(0, 200, 0, 0)).toBeCloseTo(Math.log(4), 12);
    expect(of(3, 3, 3, 3, 0, 200, 0, 0)).toBeCloseTo(Math.log(4) / 2, 12);
  });
});
