import { expect, test } from "vitest";
import { referenceBackend } from "../backend/reference.js";
import { State } from "../backend/state.js";
import { keyOf } from "../base/random.js";
import { spec } from "../graph/tensor.js";
import { constant, initialize, paddedTable, weight } from "./parameter.js";

const parameters = {
  table: paddedTable([3, 4]),
  weight: weight([40, 50]),
  twin: weight([40, 50]),
  gain: constant([5], 1),
};

async function initialized(seed: number): Promise<State> {
  const state = new State(referenceBackend(), { parameters });
  await initialize(state, keyOf(seed));
  return state;
}

test("parameters start as declared: normal numbers, constants, a row of zeros for padding", async () => {
  const state = await initialized(1);
  const numbers = Array.from(await state.read("parameters/weight"));
  const mean = numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
  const variance = numbers.reduce((sum, x) => sum + x * x, 0) / numbers.length;
  expect(mean).toBeCloseTo(0, 2);
  expect(Math.sqrt(variance)).toBeCloseTo(0.02, 3);
  expect(Array.from(await state.read("parameters/gain"))).toEqual([1, 1, 1, 1, 1]);
  const table = Array.from(await state.read("parameters/table"));
  expect(table.slice(0, 4)).toEqual([0, 0, 0, 0]);
  expect(table.slice(4).every((x) => x !== 0)).toBe(true);
});

test("the numbers depend on the key and the path", async () => {
  const [one, again, other] = await Promise.all([initialized(1), initialized(1), initialized(2)]);
  const weights = await one.read("parameters/weight");
  expect(await again.read("parameters/weight")).toEqual(weights);
  expect(await other.read("parameters/weight")).not.toEqual(weights);
  expect(await one.read("parameters/twin")).not.toEqual(weights);
});

test("a parameter that does not say how it begins is named", async () => {
  const state = new State(referenceBackend(), { parameters: { head: spec([2]) } });
  await expect(initialize(state, keyOf(0))).rejects.toThrow('The parameter "head" does not say');
});
