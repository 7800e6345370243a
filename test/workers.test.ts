/** Steps that several processes share: their gradients, against those of one process (flava.md 3.2). */
import { describe, expect, it } from "vitest";
import type { Communicator } from "../src/backend/communicator.js";
import { referenceBackend } from "../src/backend/reference.js";
import { State } from "../src/backend/state.js";
import type { Values } from "../src/backend/values.js";
import { leavesOf, mapTree } from "../src/base/tree.js";
import type { BatchTensors } from "../src/data/batch/batch.js";
import { gradient } from "../src/graph/gradient.js";
import { add, multiply } from "../src/graph/ops/arithmetic.js";
import { fill } from "../src/graph/ops/fill.js";
import { concatenate } from "../src/graph/ops/concatenate.js";
import { softmaxCrossEntropy } from "../src/graph/ops/cross-entropy.js";
import { affine } from "../src/graph/ops/affine.js";
import { stopGradient } from "../src/graph/ops/elementwise.js";
import { product } from "../src/graph/ops/matmul.js";
import { mean } from "../src/graph/ops/reduce.js";
import { slice } from "../src/graph/ops/slice.js";
import { constant } from "../src/graph/placeholder.js";
import type { Tensor, TensorSpec } from "../src/graph/tensor.js";
import { type FlavaForPretraining, pretrainingParameters } from "../src/model/flava.js";
import { logitMultiplier } from "../src/model/logit-scale.js";
import type { GatherMode } from "../src/objective/model.js";
import { type LossWeights, lossesOf } from "../src/objective/objectives.js";
import { embedImages, embedTexts } from "../src/objective/pair.js";
import { type ZeroStage, divisionOf } from "../src/optim/zero.js";
import { pretrainingLoss, pretrainingRules } from "../src/train/stages/pretraining-loss.js";
import { AccumulatedStep, stepInParts } from "../src/train/step/accumulated-step.js";
import { optimizerState } from "../src/train/step/update.js";
import { closeTo } from "./close-to.js";
import { communicators } from "./processes.js";
import { Given, config, evaluate, modelOf, pairs, smallState } from "./small-model.js";

const parts = 4;
const samples = 8;
const each = samples / parts;
const matching = pairs(Array.from({ length: samples }, () => 1));
const mixed = pairs([1, 0, 0, 0, 0, 1, 1, 0]);
const contrastiveAlone = { itm: 0, mmmImage: 0, mmmText: 0 };

interface Shared {
  readonly batch: typeof matching;
  readonly gather?: GatherMode;
  readonly weights?: LossWeights;
  /** What is divided among processes; default: nothing. */
  readonly zero?: ZeroStage;
  readonly clip?: number;
  /** Default: 1. */
  readonly steps?: number;
}

/** The state after steps that `processes` computes with others, and the losses that the last one reports. */
async function stepOn(
  processes: Communicator,
  { batch, gather = "global", weights = {}, zero = 0, clip, steps = 1 }: Shared,
): Promise<Map<string, Values | number>> {
  const parameters: FlavaForPretraining<TensorSpec> = pretrainingParameters(config);
  const own = parts / processes.size;
  const backend = referenceBackend({ processes });
  const rules = pretrainingRules();
  const divided = divisionOf(zero, processes, parameters, rules);
  const specs = optimizerState(parameters, { rules, shards: own });
  const state = new State(backend, specs, divided?.ranges);
  const start = smallState();
  for (const path of start.paths) state.write(path, await start.read(path));
  const options = { config, precision: "float32", weights, gather } as const;
  const split = pretrainingLoss({ kind: "pair", ...batch }, options).split!(parts);
  const step = new AccumulatedStep(state, split, {
    shards: own,
    ...(processes.size > 1 && { processes }),
    learningRate: () => fill([], 1e-2),
    optimizer: { rules },
    divided,
    ...(clip !== undefined && { clip }),
  });
  const values = mapTree<Given, Values, BatchTensors<Given>>(batch, (given) => given.values);
  const cut = split.cut(values).slice(processes.rank * own, (processes.rank + 1) * own);
  const made = cut.map((part) => ({ step, values: part }));
  for (let earlier = 1; earlier < steps; earlier++) await stepInParts(made);
  const { total, scalars } = await stepInParts(made);
  const found = new Map<string, Values | number>([["total", total], ...Object.entries(scalars)]);
  const read = async (): Promise<void> => {
    for (const path of state.paths) {
      if (!path.startsWith("accumulated/")) found.set(path, await state.read(path));
    }
  };
  await state.readTogether(!divided || processes.rank === 0 ? read : undefined);
  return found;
}

const stepOnAll = (size: number, shared: Shared): Promise<Map<string, Values | number>[]> =>
  Promise.all(communicators(size).map((processes) => stepOn(processes, shared)));

/** The gradients by path: Adam's first moments after the first step are a tenth of them. */
async function gradientsOf(size: number, shared: Shared): Promise<Map<string, number[]>> {
  const [state] = await stepOnAll(size, shared);
  const moments = [...state!].filter(([path]) => /^moments\/.*\/first$/.test(path));
  return new Map(
    moments.map(([path, values]) => [
      path.slice("moments/".length, -"/first".length),
      Array.from(values as Float32Array, (value) => value * 10),
    ]),
  );
}

/** The same in one graph: the mean of the losses of each part's rows, with columns live or constant, as the mode says. */
function direct(gather: GatherMode): Promise<Record<string, number[]>> {
  return evaluate(matching, (parameters, given) => {
    const model = modelOf(parameters);
    const [images, sentences] = [embedImages(model, given), embedTexts(model, given)];
    const factor = logitMultiplier(parameters.flava.logitScale);
    const losses = Array.from({ length: parts }, (_, part) => {
      const [start, end] = [part * each, (part + 1) * each];
      const own = (x: Tensor): Tensor => slice(x, 0, start, end);
      const columns = (x: Tensor): Tensor => {
        if (gather === "global") return x;
        const fixed = stopGradient(x);
        if (gather === "none") return fixed;
        const around = [slice(fixed, 0, 0, start), own(x), slice(fixed, 0, end, samples)];
        return concatenate(
          around.filter(({ size }) => size > 0),
          0,
        );
      };
      const places = Int32Array.from({ length: each }, (__, place) => start + place);
      const labels = constant(places, [each]);
      const loss = (a: Tensor, b: Tensor): Tensor => {
        const logits = product(multiply(own(a), factor), columns(b), { transposeB: true });
        return mean(softmaxCrossEntropy(logits, labels, fill([each], 1)));
      };
      return affine(add(loss(images, sentences), loss(sentences, images)), 0.5, 0);
    });
    const loss = affine(losses.reduce(add), 1 / parts, 0);
    return Object.fromEntries(leavesOf<Tensor>(gradient(loss, parameters)));
  });
}

describe("a step that several processes share", () => {
  it.each(["global", "local", "none"] as const)(
    "has the documented gradient of the contrastive loss with the gather mode %s",
    async (gather) => {
      const shared = { batch: matching, gather, weights: contrastiveAlone };
      const [found, expected] = [await gradientsOf(2, shared), await direct(gather)];
      expect(found.size).toBeGreaterThan(50);
      for (const [path, values] of Object.entries(expected)) {
        expect(found.get(path), path).toEqual(closeTo(values, 5));
      }
    },
  );

  it.each([1, 4])("has the gradients of the whole batch, of all losses, on %i", async (size) => {
    const whole = await evaluate(mixed, (parameters, given) => {
      const losses = lossesOf(modelOf(parameters), { kind: "pair", ...given });
      const total = Object.values(losses).reduce(add);
      return Object.fromEntries(leavesOf<Tensor>(gradient(total, parameters)));
    });
    const found = await gradientsOf(size, { batch: mixed });
    for (const [path, values] of found) {
      expect(values, path).toEqual(closeTo(whole[path] ?? values.map(() => 0), 5));
    }
  });

  it("ends with the same state on all of them, also if they divide the moments", async () => {
    const shared = { batch: mixed, clip: 1, steps: 2 };
    const [first, other] = await stepOnAll(2, shared);
    expect(other).toEqual(first);
    const [divided] = await stepOnAll(2, { ...shared, zero: 1 });
    expect(divided).toEqual(first);
    expect([...divided!.keys()]).toEqual([...first!.keys()]);
  });
});
