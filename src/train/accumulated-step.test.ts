import { afterAll, describe, expect, it } from "vitest";
import type { Backend } from "../backend/backend.js";
import { nativeBackend, nativeLevels } from "../backend/native.js";
import { referenceBackend } from "../backend/reference.js";
import { State } from "../backend/state.js";
import type { Values } from "../backend/values.js";
import { leavesOf, mapTree } from "../base/tree.js";
import type { Batch } from "../data/batch/batch.js";
import { affine } from "../graph/ops/affine.js";
import type { TensorSpec } from "../graph/tensor.js";
import { pretrainingParameters } from "../model/flava.js";
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
import { accumulatedStep } from "./accumulated-step.js";
import { type TrainingState, frozenCodebook, trainingState, trainingStep } from "./step.js";

/** One target of the first micro-batch is left out, so that micro-batches do not weigh the same. */
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

interface Stepped {
  readonly outputs: Record<string, number>;
  readonly state: State<TrainingState<TensorSpec>>;
}

/** The results of one step from the same start. */
async function step(
  backend: Backend,
  batch: Batch<Given>,
  microBatches: number,
  weights: LossWeights = {},
): Promise<Stepped> {
  const specs = trainingState(pretrainingParameters(config), frozenCodebook, microBatches);
  const state = new State(backend, specs);
  const start = smallState();
  for (const path of start.paths) state.write(path, start.read(path));
  const options = {
    config,
    precision: "float32",
    weights,
    clip: 1,
    learningRate: (made: Parameters<typeof affine>[0]) => affine(made, 0, 1e-2),
    // Large beside the gradients, so that updates tell how large they are.
    optimizer: { epsilon: 0.1 },
  } as const;
  const program =
    microBatches === 1
      ? trainingStep(state, batch, options)
      : accumulatedStep(state, batch, { ...options, microBatches });
  const inputs = Object.fromEntries(Object.entries(batch).filter(([name]) => name !== "kind"));
  const values = mapTree(inputs, (given: Given) => given.values) as Parameters<
    typeof program.run
  >[0];
  const outputs = await program.run(values);
  program.dispose();
  const numbers = leavesOf<Values>(outputs).map(([name, found]) => [name, found[0] ?? NaN]);
  return { outputs: Object.fromEntries(numbers) as Record<string, number>, state };
}

function expectSame(found: Stepped, wanted: Stepped): void {
  expect(Object.keys(found.outputs).sort()).toEqual(Object.keys(wanted.outputs).sort());
  for (const [name, value] of Object.entries(wanted.outputs)) {
    expect(Math.abs(found.outputs[name]! - value), name).toBeLessThan(2e-5 * Math.abs(value));
  }
  for (const path of wanted.state.paths) {
    const [own, other] = [found.state.read(path), wanted.state.read(path)];
    const apart = Array.from(own, (value, i) => Math.abs(value - other[i]!));
    const farthest = apart.reduce((most, each) => Math.max(most, each), 0);
    expect(farthest, path).toBeLessThan(2e-6);
  }
}

describe("a step in micro-batches", () => {
  const native = nativeLevels().length > 0 ? nativeBackend({ threads: 1 }) : undefined;
  afterAll(() => native?.dispose());

  describe.runIf(native)("on the native backend", () => {
    it.each(Object.entries(batches))(
      "is that on the whole batch: %s",
      async (_, [batch, weights]) => {
        const whole = await step(native!, batch, 1, weights);
        for (const microBatches of [2, 4]) {
          expectSame(await step(native!, batch, microBatches, weights), whole);
        }
      },
    );
  });

  it("is that on the whole batch on the reference backend", async () => {
    const backend = referenceBackend();
    const [batch] = batches["pairs without a match"]!;
    expectSame(await step(backend, batch, 2), await step(backend, batch, 1));
  });

  it("refuses what cannot be cut, in words", async () => {
    const backend = referenceBackend();
    await expect(step(backend, { kind: "image", ...images(3) }, 2)).rejects.toThrow(
      /3 samples .* 2 micro-batches/,
    );
    const crowded = {
      ...texts([4, 4], 4),
      targets: { positions: integers([2], [0, 1]), labels: integers([2], [5, 6]) },
    };
    const batch = { kind: "text", ...crowded } as const;
    await expect(step(backend, batch, 2)).rejects.toThrow(/2 targets/);
  });

  it("leaves the parameters alone where it fails, and nothing for the next step", async () => {
    const { kind, ...good } = { kind: "image" as const, ...images(4) };
    const specs = trainingState(pretrainingParameters(config), frozenCodebook, 2);
    const state = new State(native ?? referenceBackend(), specs);
    const start = smallState();
    for (const path of start.paths) state.write(path, start.read(path));
    const program = accumulatedStep(
      state,
      { kind, ...good },
      {
        config,
        precision: "float32",
        clip: 1,
        microBatches: 2,
        learningRate: (made) => affine(made, 0, 1e-2),
      },
    );
    type Inputs = Parameters<typeof program.run>[0];
    const valuesOf = (given: typeof good): Inputs =>
      mapTree<Given, Values, typeof good>(given, ({ values }) => values);
    const broken = floats(good.pixels.shape, good.pixels.values);
    broken.values[broken.values.length - 1] = Infinity; // in the second chunk
    await expect(program.run(valuesOf({ ...good, pixels: broken }))).rejects.toThrow(/infinite/);
    for (const path of start.paths) expect(state.read(path), path).toEqual(start.read(path));
    const first = await program.run(valuesOf(good));
    const fresh = await step(state.backend, { kind, ...good }, 2);
    expect(first.norm?.[0]).toBe(fresh.outputs.norm);
    program.dispose();
  });
});
