import { expect, it } from "vitest";
import { closeTo } from "../../../test/close-to.js";
import { minimize } from "./lbfgs.js";

it("finds the minimum of an ill-conditioned quadratic", async () => {
  const scales = [1, 10, 100, 1000];
  const { point, converged, iterations } = await minimize(
    (x) =>
      Promise.resolve({
        value: scales.reduce((sum, scale, i) => sum + (scale / 2) * (x[i]! - i - 1) ** 2, 0),
        gradient: Float64Array.from(scales, (scale, i) => scale * (x[i]! - i - 1)),
      }),
    new Float64Array(4),
    { tolerance: 1e-8 },
  );
  expect(converged).toBe(true);
  expect(iterations).toBeLessThan(40);
  expect([...point]).toEqual(closeTo([1, 2, 3, 4], 8));
});

it("follows a curved valley (Rosenbrock)", async () => {
  const rosenbrock = (p: Float64Array) => {
    const [x, y] = [p[0]!, p[1]!];
    const value = (1 - x) ** 2 + 100 * (y - x * x) ** 2;
    const gradient = Float64Array.of(-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x));
    return Promise.resolve({ value, gradient });
  };
  const start = Float64Array.of(-1.2, 1);
  const { point, converged } = await minimize(rosenbrock, start, { tolerance: 1e-9 });
  expect(converged).toBe(true);
  expect([...point]).toEqual(closeTo([1, 1], 7));
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(minimize(rosenbrock, start, { signal })).rejects.toThrow("enough");
  const short = await minimize(rosenbrock, start, { iterations: 3 });
  expect(short).toMatchObject({ iterations: 3, converged: false });
  expect(short.value).toBeLessThan(24);
});

it("stops where no step is lower", async () => {
  const lying = (x: Float64Array) =>
    Promise.resolve({ value: x[0]! ** 2, gradient: Float64Array.of(-1) });
  const { point, converged } = await minimize(lying, Float64Array.of(0));
  expect([point[0], converged]).toEqual([0, false]);
});
