import { expect, test } from "vitest";
import { checkGradient, run } from "../../test/gradient-check.js";
import { taskLoss } from "./task.js";

const scores = { shape: [3, 4], values: [2, -1, 0.5, 0, 40, -40, 1, 1, 0, 0, -3, 3] };
const classes = { shape: [3], dtype: "int32", values: [0, 0, 3], differentiable: false } as const;
const soft = [1, 0, 0.3, 0, 1, 0, 0, 0.9, 0, 0, 0, 0];
const answers = { shape: [3, 4], values: soft };

test("a class costs its cross entropy", () => {
  checkGradient((x, t) => taskLoss("class", x, t), { shape: [3, 4] }, classes);
  const row = (x: readonly number[], label: number): number =>
    Math.log(x.reduce((sum, value) => sum + Math.exp(value), 0)) - x[label]!;
  const { values } = scores;
  const rows = [row(values.slice(0, 4), 0), row(values.slice(4, 8), 0), row(values.slice(8), 3)];
  const [[loss]] = run((x, t) => taskLoss("class", x, t), scores, classes) as [[number]];
  expect(loss).toBeCloseTo(rows.reduce((sum, value) => sum + value) / 3, 12);
});

test("answers cost the binary cross entropy with their scores, summed over answers, mean over samples", () => {
  checkGradient((x, t) => taskLoss("scores", x, t), { shape: [3, 4] }, answers);
  const [[loss]] = run((x, t) => taskLoss("scores", x, t), scores, answers) as [[number]];
  // log σ(x) loses all digits at x = -40 if computed naively; there it is x itself.
  const logSigmoid = (x: number): number => Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x)));
  const costs = scores.values.map(
    (x, place) => -soft[place]! * logSigmoid(x) - (1 - soft[place]!) * logSigmoid(-x),
  );
  expect(loss).toBeCloseTo(costs.reduce((sum, cost) => sum + cost) / 3, 12);
});

test("a value costs its squared error", () => {
  const values = { shape: [3], values: [1, 2, -1] };
  checkGradient((x, t) => taskLoss("value", x, t), { shape: [3, 1] }, values);
  const [[loss]] = run(
    (x, t) => taskLoss("value", x, t),
    { shape: [3, 1], values: [1, 0, 1] },
    values,
  ) as [[number]];
  expect(loss).toBeCloseTo((0 + 4 + 4) / 3, 12);
});
