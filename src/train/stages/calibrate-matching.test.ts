import { expect, it } from "vitest";
import { referenceBackend } from "../../backend/reference.js";
import { State } from "../../backend/state.js";
import { normal, foldIn, keyOf, uniform } from "../../base/random.js";
import { calibrated } from "../../eval/metrics/platt-scaling.js";
import { spec } from "../../graph/tensor.js";
import { withCalibratedMatching } from "./calibrate-matching.js";

const [width, pairs] = [4, 400];
const path = "parameters/heads/itm/classifier";

/** The logit of a match, of features [width]. */
async function logitOf(state: State, features: Float32Array): Promise<number> {
  const [weight, bias] = [await state.read(`${path}/weight`), await state.read(`${path}/bias`)];
  const row = (index: number): number =>
    features.reduce(
      (sum, x, i) => sum + x * Number(weight[index * width + i]),
      Number(bias[index]),
    );
  return row(1) - row(0);
}

it("writes a head whose probabilities are calibrated, and restores it", async () => {
  const classifier = { weight: spec([2, width]), bias: spec([2]) };
  const state = new State(referenceBackend(), { parameters: { heads: { itm: { classifier } } } });
  state.write(`${path}/weight`, normal(keyOf(1), 2 * width, 3));
  state.write(`${path}/bias`, Float32Array.of(0.3, -0.2));
  const before = [await state.read(`${path}/weight`), await state.read(`${path}/bias`)];

  const items = Array.from({ length: 2 * pairs }, (_, i) => normal(foldIn(keyOf(2), i), width));
  const logits = Float32Array.from(
    await Promise.all(items.map((features) => logitOf(state, features))),
  );
  const truth = calibrated(logits, { temperature: 3, bias: 0.5 });
  const draws = uniform(keyOf(3), truth.length);
  const outcomes = Uint8Array.from(truth, (p, i) => (draws[i]! < p ? 1 : 0));
  const lines: string[] = [];
  let written: number[] = [];
  await withCalibratedMatching(
    state,
    { logits, outcomes },
    (line) => lines.push(line),
    async () => {
      written = await Promise.all(items.map((features) => logitOf(state, features)));
    },
  );

  const [, temperature, bias, earlier, later] =
    /^Matching is calibrated on 400 .*: temperature (.*), bias (.*); .* error (.*) % before, (.*) % after\.$/
      .exec(lines[0]!)!
      .map(Number) as [number, number, number, number, number];
  for (const [index, logit] of logits.entries()) {
    expect(written[index]).toBeCloseTo(logit / temperature + bias, 0);
  }
  expect(temperature).toBeGreaterThan(2);
  expect(later).toBeLessThan(earlier);
  expect([await state.read(`${path}/weight`), await state.read(`${path}/bias`)]).toEqual(before);
});

it("leaves the head alone where there is too little to judge by, or nothing learned", async () => {
  const state = new State(referenceBackend(), {});
  const lines: string[] = [];
  let writes = 0;
  const calibrate = (logits: Float32Array): Promise<void> => {
    const outcomes = Uint8Array.from(logits, (_, i) => 1 - (i % 2));
    return withCalibratedMatching(
      state,
      { logits, outcomes },
      (line) => lines.push(line),
      () => {
        writes++;
        return Promise.resolve();
      },
    );
  };
  await calibrate(Float32Array.of(1, -1));
  await calibrate(Float32Array.from({ length: 80 }, (_, i) => (i % 2) + (i % 7) / 7));
  expect(lines).toEqual([
    expect.stringContaining("takes 16 validation pairs, and there are 1."),
    expect.stringContaining("no better than guessing"),
  ]);
  expect(writes).toBe(2);
});
