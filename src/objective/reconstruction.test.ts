import { describe, expect, it } from "vitest";
import { checkGradient, randomValues, run } from "../../test/gradient-check.js";
import type { Tensor } from "../graph/tensor.js";
import { codeShares, divergenceFromUniform, logitLaplace, usageEntropy } from "./reconstruction.js";

const learnedScale = (x: Tensor, distribution: Tensor): Tensor => logitLaplace(x, distribution);
const fixedScale = (x: Tensor, distribution: Tensor): Tensor => logitLaplace(x, distribution, 0.5);

/** Points in (0, 1), far from the kink where logit(x) equals the location. */
const inside = (size: number): number[] =>
  randomValues(size, 3).map((value) => 0.1 + 0.8 / (1 + Math.exp(-value)));

describe("logitLaplace", () => {
  it("has the gradient of its values", () => {
    for (const loss of [learnedScale, fixedScale]) {
      checkGradient(loss, { shape: [2, 1, 2, 3], values: inside(12) }, { shape: [2, 1, 2, 6] });
    }
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
      learnedScale,
      { shape: [1, 1, steps, 1], values: places },
      { shape: [1, 1, steps, 2], values: distribution },
    );
    const integral = losses!.reduce((sum, loss) => sum + Math.exp(-loss) / steps, 0);
    expect(integral).toBeCloseTo(1, 3);
  });

  it("reads all locations before all scales", () => {
    const values = [0, 10, 20, 0, 1, 2]; // three colors at logit 0
    const [losses] = run(
      learnedScale,
      { shape: [1, 1, 1, 3], values: [0.5, 0.5, 0.5] },
      { shape: [1, 1, 1, 6], values },
    );
    const expected = [0, 1, 2].map(
      (s) => Math.log(2) + s + Math.log(0.25) + (10 * s) / Math.exp(s),
    );
    for (const [index, loss] of losses!.entries()) expect(loss).toBeCloseTo(expected[index]!, 10);
  });

  it("takes a fixed scale in place of the distribution's", () => {
    const x = { shape: [1, 1, 2, 1], values: [0.3, 0.6] };
    const [fixed] = run(fixedScale, x, { shape: [1, 1, 2, 2], values: [1, 7, -1, -7] });
    const logHalf = Math.log(0.5);
    const [same] = run(learnedScale, x, { shape: [1, 1, 2, 2], values: [1, logHalf, -1, logHalf] });
    expect(fixed).toEqual(same);
  });
});

describe("usageEntropy", () => {
  const ofLogits = (logits: Tensor): Tensor => usageEntropy(codeShares(logits));

  it("has the gradient of its values", () => {
    checkGradient(ofLogits, { shape: [2, 1, 2, 5] });
  });

  it("is ln V if cells share the codes among them, and 0 if all have the same", () => {
    const of = (...values: number[]): number =>
      run(ofLogits, { shape: [1, 1, values.length / 2, 2], values })[0]![0]!;
    expect(of(0, 0)).toBeCloseTo(Math.log(2), 9);
    expect(of(200, 0, 0, 200)).toBeCloseTo(Math.log(2), 9);
    expect(of(200, 0, 200, 0)).toBeCloseTo(0, 9);
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
