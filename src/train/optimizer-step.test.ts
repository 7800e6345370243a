import { afterAll, describe, expect, it } from "vitest";
import type { Backend } from "../backend/backend.js";
import { nativeBackend, nativeLevels } from "../backend/native.js";
import { referenceBackend } from "../backend/reference.js";
import { State } from "../backend/state.js";
import type { Values } from "../backend/values.js";
import { leavesOf, mapTree } from "../base/tree.js";
import type { Batch, BatchTensors } from "../data/batch/batch.js";
import { affine } from "../graph/ops/affine.js";
import { multiply } from "../graph/ops/arithmetic.js";
import { sum } from "../graph/ops/broadcast.js";
import { fill } from "../graph/ops/fill.js";
import { type Tensor, type TensorSpec, spec } from "../graph/tensor.js";
import { type FlavaForPretraining, pretrainingParameters } from "../model/flava.js";
import type { LossWeights } from "../objective/objectives.js";
import {
  Given,
  changed,
  config,
  floats,
  images,
  integers,
  pairs,
  smallState,
  texts,
} from "../../test/small-model.js";
import { optimizerStep } from "./optimizer-step.js";
import { boundLogitScale, pretrainingLoss, pretrainingRules } from "./stages/pretraining-loss.js";
import type { CompiledStep, StepResults } from "./step/compiled-step.js";
import type { Loss } from "./step/loss.js";
import { type OptimizerState, optimizerState } from "./step/update.js";

/** One target of the first micro-batch is left out: micro-batches have different shares. */
const uneven = <T extends { readonly positions: Given }>(batch: T): T => ({
  ...batch,
  positions: changed(batch.positions, 1, -1),
});

// Of four micro-batches the second has no match, the others have one or two.
const mixed = uneven(pairs([1, 0, 0, 0, 1, 1, 0, 1]));
const batches: Readonly<Record<string, [batch: Batch<Given>, weights?: LossWeights]>> = {
  "pairs, some of them mismatched": [{ kind: "pair", ...mixed }],
  "pairs without a match": [{ kind: "pair", ...uneven(pairs([0, 0, 0, 0])) }],
  "the contrastive loss alone": [
    { kind: "pair", ...mixed },
    { itm: 0, mmmImage: 0, mmmText: 0, contrastive: 0.5 },
  ],
  "pairs without the contrastive loss": [
    { kind: "pair", ...mixed },
    { contrastive: 0, itm: 2 },
  ],
  images: [{ kind: "image", ...uneven(images(4)) }],
  texts: [withoutIds(texts([3, 7, 4, 6], 7))],
};

function withoutIds(given: ReturnType<typeof texts>): Batch<Given> {
  const { maskedIds, lengths, targets } = given;
  return {
    kind: "text",
    maskedIds,
    lengths,
    targets: { ...targets, positions: changed(targets.positions, 2, -1) },
  };
}

type ModelState = State<OptimizerState<FlavaForPretraining<TensorSpec>, TensorSpec>>;

/** A state with the weights of the small model. */
async function smallTrainingState(backend: Backend, microBatches: number): Promise<ModelState> {
  const parameters: FlavaForPretraining<TensorSpec> = pretrainingParameters(config);
  const rules = pretrainingRules();
  const state = new State(backend, optimizerState(parameters, { rules, microBatches }));
  const start = smallState();
  for (const path of start.paths) state.write(path, await start.read(path));
  return state;
}

function compiled(
  state: ModelState,
  batch: Batch<Given>,
  microBatches: number,
  weights: LossWeights = {},
): CompiledStep<BatchTensors<TensorSpec>> {
  const loss = pretrainingLoss(batch, { config, precision: "float32", weights });
  return optimizerStep(state, loss, {
    clip: 1,
    learningRate: (step) => affine(step, 0, 1e-2),
    // A large epsilon compared with the gradients, so that updates depend on their size.
    optimizer: { epsilon: 0.1, rules: pretrainingRules() },
    constrain: boundLogitScale,
    microBatches,
  });
}

const valuesOf = ({ kind: _, ...tensors }: Batch<Given>): BatchTensors<Values> =>
  mapTree<Given, Values, BatchTensors<Given>>(tensors, ({ values }) => values);

const closeToNumber = (value: number): unknown => expect.closeTo(value, 5) as unknown;

interface Stepped {
  readonly results: StepResults;
  readonly state: ModelState;
}

/** The results of one step from the same start. */
async function step(
  backend: Backend,
  batch: Batch<Given>,
  microBatches: number,
  weights: LossWeights = {},
): Promise<Stepped> {
  const state = await smallTrainingState(backend, microBatches);
  const program = compiled(state, batch, microBatches, weights);
  const results = await program.run(valuesOf(batch));
  program.dispose();
  return { results, state };
}

async function expectSame(found: Stepped, expected: Stepped): Promise<void> {
  const numbers = new Map(leavesOf<number>(found.results));
  const expectedNumbers = leavesOf<number>(expected.results);
  expect([...numbers.keys()].sort()).toEqual(expectedNumbers.map(([name]) => name).sort());
  for (const [name, value] of expectedNumbers) {
    expect(Math.abs(numbers.get(name)! - value), name).toBeLessThan(2e-5 * Math.abs(value));
  }
  for (const path of expected.state.paths) {
    const [own, other] = [await found.state.read(path), await expected.state.read(path)];
    const apart = Array.from(own, (value, i) => Math.abs(value - other[i]!));
    const farthest = apart.reduce((most, each) => Math.max(most, each), 0);
    expect(farthest, path).toBeLessThan(2e-6);
  }
}

describe("optimizerStep with micro-batches", () => {
  const native = nativeLevels().length > 0 ? nativeBackend({ threads: 1 }) : undefined;
  afterAll(() => native?.dispose());

  describe.runIf(native)("on the native backend", () => {
    it.each(Object.entries(batches))(
      "equals a step on the whole batch: %s",
      async (_, [batch, weights]) => {
        const whole = await step(native!, batch, 1, weights);
        for (const microBatches of [2, 4]) {
          await expectSame(await step(native!, batch, microBatches, weights), whole);
        }
      },
    );
  });

  it("equals a step on the whole batch on the reference backend", async () => {
    const backend = referenceBackend();
    const [batch] = batches["pairs without a match"]!;
    await expectSame(await step(backend, batch, 2), await step(backend, batch, 1));
  });

  it("refuses batches that do not split evenly, and crowded micro-batches", async () => {
    const backend = referenceBackend();
    await expect(step(backend, { kind: "image", ...images(3) }, 2)).rejects.toThrow(
      /batch of 3 .* 2 equal micro-batches/,
    );
    const crowded = {
      ...texts([4, 4], 4),
      targets: { positions: integers([2], [0, 1]), labels: integers([2], [5, 6]) },
    };
    const batch = { kind: "text", ...crowded } as const;
    await expect(step(backend, batch, 2)).rejects.toThrow(/2 targets/);
  });

  it("changes no parameter if it fails, nor the next step", async () => {
    const batch = { kind: "image", ...images(4) } as const;
    const state = await smallTrainingState(native ?? referenceBackend(), 2);
    const start = smallState();
    const program = compiled(state, batch, 2);
    const broken = floats(batch.pixels.shape, batch.pixels.values);
    broken.values[broken.values.length - 1] = Infinity; // in the second micro-batch
    await expect(program.run(valuesOf({ ...batch, pixels: broken }))).rejects.toThrow(/infinite/);
    for (const path of start.paths)
      expect(await state.read(path), path).toEqual(await start.read(path));
    const first = await program.run(valuesOf(batch));
    const fresh = await step(state.backend, batch, 2);
    expect(first).toEqual(fresh.results);
    program.dispose();
  });
});

it("optimizerStep keeps a moving average of the parameters", async () => {
  const parameters: { readonly x: TensorSpec } = { x: spec([2]) };
  const state = new State(referenceBackend(), optimizerState(parameters, { average: true }));
  state.write("parameters/x", Float32Array.of(4, -2));
  state.write("average/x", Float32Array.of(1, 1));
  const loss: Loss<{ readonly x: Tensor }, { readonly y: TensorSpec }> = {
    inputs: { y: spec([2]) },
    trace: ({ x }, { y }) => ({ total: sum(multiply(x, y)), scalars: {} }),
  };
  const step = optimizerStep(state, loss, {
    learningRate: () => fill([], 1),
    averaging: 0.75,
    optimizer: { weightDecay: 0 },
  });
  const { total, gradientNorm } = await step.run({ y: Float32Array.of(1, -1) });
  expect(total).toBe(6);
  expect(gradientNorm).toBeUndefined();
  // Adam's first step is the learning rate, against the sign of the gradient.
  const moved = Array.from(await state.read("parameters/x"));
  expect(moved).toEqual([closeToNumber(3), closeToNumber(-1)]);
  expect(Array.from(await state.read("average/x"))).toEqual(
    moved.map((value) => closeToNumber(0.75 + 0.25 * value)),
  );
});

describe("optimizerStep refuses", () => {
  const stepOf =
    (trace: Loss<{ readonly x: Tensor }, { readonly y: TensorSpec }>["trace"]) => () => {
      const state = new State(referenceBackend(), optimizerState({ x: spec([2]) }));
      const loss = { inputs: { y: spec([2]) }, trace };
      return optimizerStep(state, loss, { learningRate: () => fill([], 1), clip: 1 });
    };

  it("a loss that depends on no parameter", () => {
    const step = stepOf((_, { y }) => ({ total: sum(y), scalars: {} }));
    expect(step).toThrow("The loss depends on no parameter that is trained");
  });

  it("to report one of many numbers", () => {
    const step = stepOf(({ x }) => ({ total: sum(x), scalars: { x } }));
    expect(step).toThrow('The scalar "x" of the loss is float32[2]; it should be float32[]');
  });
});
