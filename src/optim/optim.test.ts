import { describe, expect, test } from "vitest";
import { closeTo } from "../../test/close-to.js";
import { evaluate } from "../../test/evaluate.js";
import { referenceBackend } from "../backend/reference.js";
import { compile } from "../backend/program.js";
import { State } from "../backend/state.js";
import { gradient } from "../graph/gradient.js";
import { add, multiply } from "../graph/ops/arithmetic.js";
import { fill } from "../graph/ops/fill.js";
import { affine } from "../graph/ops/affine.js";
import { sum } from "../graph/ops/broadcast.js";
import { placeholder } from "../graph/placeholder.js";
import { type Tensor, spec } from "../graph/tensor.js";
import { accumulate } from "./accumulate.js";
import { adamW, adamWMoments, trainable } from "./adamw.js";
import { clipByGlobalNorm } from "./clip.js";
import { type ParameterRules, ruleFor } from "./rules.js";
import {
  type ScheduleOptions,
  cosineBetween,
  warmupCosine,
  warmupLinear,
  warmupPlateau,
} from "./schedule.js";

const backend = referenceBackend();

/** The learning rates at the given steps. */
async function rates<Options>(
  schedule: (step: Tensor, options: Options) => Tensor,
  options: Options,
  steps: readonly number[],
): Promise<number[]> {
  const state = new State(backend, {});
  const program = compile({ state, inputs: { step: spec([]) } }, (_, { step }) => ({
    outputs: { rate: schedule(step, options) },
  }));
  const found: number[] = [];
  for (const step of steps) {
    const { rate } = await program.run({ step: Float32Array.of(step) });
    found.push(rate[0] ?? NaN);
  }
  return found;
}

test("a gradient that is constant is added to the sum, too", () => {
  const [bias, before] = [placeholder(spec([]), "bias"), placeholder(spec([]), "before")];
  const { sums } = accumulate([], new Map([["bias", gradient(bias, bias)!]]), { bias: before });
  expect(evaluate([sums.get("bias")!], new Map([[before, [5]]]))).toEqual([[6]]);
});

describe("schedules", () => {
  const options = { peak: 2, warmup: 10, total: 110, floor: 0.5 };

  test("rise linearly, fall along half a cosine, and stay at the floor", async () => {
    const found = await rates(warmupCosine, options, [1, 5, 10, 60, 110, 500]);
    const expected = [0.2, 1, 2, 1.25, 0.5, 0.5];
    expect(found).toEqual(closeTo(expected, 6));
  });

  test("rise and fall linearly", async () => {
    const found = await rates(warmupLinear, options, [1, 10, 35, 110, 500]);
    expect(found).toEqual(closeTo([0.2, 2, 1.625, 0.5, 0.5], 6));
  });

  test("rise, stay at the peak, and fall linearly over the last steps", async () => {
    const found = await rates(warmupPlateau, { ...options, decay: 40 }, [5, 10, 70, 90, 110, 500]);
    expect(found).toEqual(closeTo([1, 2, 2, 1.25, 0.5, 0.5], 6));
  });

  test("plateau: the decay may start when the warm-up ends, but no earlier", async () => {
    const found = await rates(warmupPlateau, { ...options, decay: 100 }, [5, 10, 60]);
    expect(found).toEqual(closeTo([1, 2, 1.25], 6));
    for (const decay of [0, 101]) {
      expect(() => warmupPlateau(fill([], 1), { ...options, decay })).toThrow(
        `the warm-up leaves only 100 steps, fewer than ${decay}`,
      );
    }
  });

  test("go up or down along half a cosine and stay", async () => {
    const down = await rates(cosineBetween, { from: 1, to: 1 / 16, over: 100 }, [0, 50, 100, 999]);
    expect(down).toEqual(closeTo([1, 17 / 32, 1 / 16, 1 / 16], 6));
    const up = await rates(cosineBetween, { from: 0, to: 6.6, over: 90 }, [0, 30, 90]);
    expect(up).toEqual(closeTo([0, 1.65, 6.6], 6));
    expect(() => cosineBetween(fill([], 1), { from: 0, to: 1, over: 0 })).toThrow(
      /positive number of steps .* got 0/,
    );
  });

  test("start at the peak without a warm-up", async () => {
    const found = await rates(warmupLinear, { peak: 1, warmup: 0, total: 10 }, [1]);
    expect(found).toEqual([expect.closeTo(0.9, 6)]);
  });

  test("refuse inconsistent settings, naming each", () => {
    const refused = (changes: Partial<ScheduleOptions>): void => {
      warmupCosine(fill([], 1), { peak: 1, warmup: 1, total: 5, ...changes });
    };
    expect(() => refused({ warmup: 10 })).toThrow(
      "warmup: expected fewer than 5 steps, all that the schedule has, but got 10",
    );
    expect(() => refused({ warmup: -1 })).toThrow("warmup: expected a number of steps, but got -1");
    expect(() => refused({ floor: -1 })).toThrow("floor: -1 is below 0");
    expect(() => refused({ floor: 2, warmup: 5 })).toThrow(
      /warmup: expected .*; floor: 2 is above/,
    );
  });
});

test("the first rule whose pattern matches the whole path decides", () => {
  const rules: ParameterRules = [
    ["image/.*", { frozen: true }],
    [".*/bias", { weightDecay: 0 }],
    [".*", { rateFactor: 0.1 }],
  ];
  expect(ruleFor(rules, "image/norm/bias")).toEqual({ frozen: true });
  expect(ruleFor(rules, "text/norm/bias")).toEqual({ weightDecay: 0 });
  expect(ruleFor(rules, "text/image/weight")).toEqual({ rateFactor: 0.1 });
  expect(ruleFor([["image", {}]], "image/x")).toEqual({});
});

describe("AdamW", () => {
  const specs = { a: spec([2]), frozen: spec([2]), unused: spec([2]), slow: spec([2]) };
  const rules: ParameterRules = [
    ["frozen", { frozen: true }],
    ["slow", { rateFactor: 0.5, weightDecay: 0 }],
  ];

  test("leaves frozen parameters and those without a gradient unchanged, and follows the rules", async () => {
    const moments = adamWMoments(specs, rules);
    expect(Object.keys(moments)).toEqual(["a", "unused", "slow"]);
    const state = new State(backend, { parameters: specs, moments });
    for (const path of Object.keys(specs))
      state.write(`parameters/${path}`, Float32Array.of(1, -2));
    const program = compile({ state, inputs: {} }, (s) => {
      const { parameters: p } = s;
      const product = multiply(multiply(p.a, p.frozen), p.slow);
      const gradients = gradient(sum(product), trainable(p, rules));
      const scalars = { learningRate: fill([], 0.1), step: fill([], 1) };
      const { updateNorm, ...next } = adamW(
        { ...s, gradients, ...scalars },
        { weightDecay: 0.5, rules },
      );
      return { outputs: { updateNorm }, state: next };
    });
    const { updateNorm } = await program.run({});
    expect(await state.read("parameters/frozen")).toEqual(Float32Array.of(1, -2));
    expect(await state.read("parameters/unused")).toEqual(Float32Array.of(1, -2));
    // The first step moves by the learning rate against the sign of the gradient, which is the sign of the other two.
    const a = Array.from(await state.read("parameters/a"));
    expect(a).toEqual([expect.closeTo(1 * 0.95 - 0.1, 5), expect.closeTo(-2 * 0.95 - 0.1, 5)]);
    const slow = Array.from(await state.read("parameters/slow"));
    expect(slow).toEqual([expect.closeTo(1 - 0.05, 5), expect.closeTo(-2 - 0.05, 5)]);
    expect(updateNorm[0]).toBeCloseTo(Math.hypot(-0.15, 0, -0.05, -0.05), 5);
  });
});

test("AdamW updates clipped parameters together, one group for each rule, and not if the norm is not finite", async () => {
  const specs = { a: spec([2]), b: spec([2]), c: spec([]) };
  const rules: ParameterRules = [["b", { weightDecay: 0 }]];
  const state = new State(backend, { parameters: specs, moments: adamWMoments(specs) });
  let updates: unknown[] = [];
  const program = compile({ state, inputs: { x: spec([2]) } }, (s, { x }) => {
    const { a, b, c } = s.parameters;
    const loss = sum(multiply(add(add(a, b), c), x));
    const gradients = gradient(loss, s.parameters);
    const { scale } = clipByGlobalNorm(gradients, 1);
    const scalars = { learningRate: fill([], 0.1), step: fill([], 1), scale };
    const { updateNorm, ...next } = adamW({ ...s, gradients, ...scalars }, { rules });
    updates = Object.values(next.parameters).map(({ node }) => node);
    return { outputs: { updateNorm }, state: next };
  });
  expect(updates[0]).toBe(updates[2]);
  expect(updates[0]).not.toBe(updates[1]);
  await expect(program.run({ x: Float32Array.of(1, NaN) })).rejects.toThrow(/NaN/);
  for (const path of state.paths) {
    expect((await state.read(path)).every((value) => value === 0)).toBe(true);
  }
  const { updateNorm } = await program.run({ x: Float32Array.of(1, 2) });
  expect(updateNorm[0]).toBeCloseTo(0.1 * Math.sqrt(5), 5);
});

describe("clipping by global norm", () => {
  async function clip(limit: number, values: readonly number[]): Promise<[number, number]> {
    const state = new State(backend, {});
    const program = compile({ state, inputs: { g: spec([2]) } }, (_, { g }) => {
      const halves: Tensor[] = [affine(g, 0.6, 0), affine(add(g, 0), 0.8, 0)];
      return { outputs: { ...clipByGlobalNorm(halves, limit) } };
    });
    const { norm, scale } = await program.run({ g: Float32Array.from(values) });
    return [norm[0] ?? NaN, scale[0] ?? NaN];
  }

  test("measures all gradients together and never enlarges them", async () => {
    expect(await clip(1, [3, 4])).toEqual([expect.closeTo(5, 5), expect.closeTo(0.2, 5)]);
    expect(await clip(10, [3, 4])).toEqual([expect.closeTo(5, 5), 1]);
    expect(await clip(1, [0, 0])).toEqual([0, 1]);
  });

  test("fails the run if the norm is not finite", async () => {
    await expect(clip(1, [Infinity, 0])).rejects.toThrow(/NaN/);
  });

  test("refuses a limit that is not positive", () => {
    expect(() => clipByGlobalNorm([], 0)).toThrow(/positive limit .* got 0/);
  });
});

test("AdamW refuses gradients and rules that belong to no parameter, which it would leave out", () => {
  const specs = { head: { weight: spec([2]) } };
  expect(() => adamWMoments(specs, [["haed/.*", { frozen: true }]])).toThrow(
    'The rule for "haed/.*" matches no weights.',
  );
  const state = new State(backend, { parameters: specs, moments: adamWMoments(specs) });
  const compiled = () =>
    compile({ state, inputs: {} }, ({ parameters, moments }) => {
      const gradients = gradient(sum(parameters.head.weight), [parameters.head.weight]);
      const scalars = { learningRate: fill([], 0.1), step: fill([], 1) };
      // @ts-expect-error: not of the structure of the parameters
      return { outputs: {}, state: adamW({ parameters, moments, gradients, ...scalars }) };
    });
  expect(compiled).toThrow('adamW was given a gradient at "0", where there is no parameter');
});
