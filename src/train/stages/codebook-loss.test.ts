import { expect, test } from "vitest";
import { closeTo } from "../../../test/close-to.js";
import { evaluate } from "../../../test/evaluate.js";
import { referenceBackend } from "../../backend/reference.js";
import { State } from "../../backend/state.js";
import type { Values } from "../../backend/values.js";
import { keyOf } from "../../base/random.js";
import { leavesOf, mapTree } from "../../base/tree.js";
import { fill } from "../../graph/ops/fill.js";
import { placeholder } from "../../graph/placeholder.js";
import { type Tensor, type TensorSpec, spec } from "../../graph/tensor.js";
import { codebookLogits } from "../../model/codebook.js";
import { decodeCodes } from "../../model/codebook-decoder.js";
import { initialize } from "../../nn/parameter.js";
import type { Autoencoder } from "../../objective/reconstruction.js";
import type { CosineOptions } from "../../optim/schedule.js";
import { optimizerStep } from "../optimizer-step.js";
import type { StepResults } from "../step/compiled-step.js";
import { optimizerState } from "../step/update.js";
import {
  autoencoderParameters,
  codebookLoss,
  withPublishedGain,
  writtenValues,
} from "./codebook-loss.js";

const config = { channels: 3, groups: 4, blocksPerGroup: 1, hidden: 8, vocabulary: 6 };
const size = [1, 3, 8, 8] as const;

/** The logits and distribution of the autoencoder `trace` makes of parameters with the values of `valuesOf`. */
function run(
  trace: (parameters: Autoencoder<Tensor>) => Autoencoder<Tensor>,
  valuesOf: (path: string, values: Float32Array) => ArrayLike<number>,
): number[][] {
  const parameters = mapTree(autoencoderParameters(config), (leaf: TensorSpec, path) =>
    placeholder(leaf, path),
  );
  const pixels = placeholder(spec(size), "pixels");
  const codes = placeholder(spec([1, 1, 1, 6]), "codes");
  const { codebook, decoder } = trace(parameters);
  const feeds = new Map<Tensor, number[]>([
    [pixels, Array.from({ length: pixels.size }, (_, i) => 0.5 + 0.4 * Math.sin(i))],
    [codes, [0, 0, 1, 0, 0, 0]],
  ]);
  for (const [index, [path, leaf]] of leavesOf<Tensor>(parameters).entries()) {
    const values = Float32Array.from({ length: leaf.size }, (_, i) => Math.sin(i * 7 + index) / 4);
    feeds.set(leaf, Array.from(valuesOf(path, values)));
  }
  const outputs = [
    codebookLogits(codebook, config, pixels, "float32"),
    decodeCodes(decoder, config, codes),
  ];
  return evaluate(outputs, feeds).map((values) => Array.from(values));
}

test("written parameters mean with DALL-E's gain what the trained ones mean with theirs", () => {
  const trained = run(
    (parameters) => withPublishedGain(parameters, config),
    (_, values) => values,
  );
  const written = run(
    (parameters) => parameters,
    (path, values) => writtenValues(path, values, config, undefined),
  );
  for (const [index, values] of written.entries())
    expect(values).toEqual(closeTo(trained[index]!, 4));
});

test("a fixed scale is written as the scale of every color", () => {
  const [, distribution = []] = run(
    (parameters) => parameters,
    (path, values) => writtenValues(path, values, config, 0.5),
  );
  const scales = distribution.filter((_, index) => index % 6 >= 3);
  expect(scales).toEqual(
    closeTo(
      scales.map(() => Math.log(0.5)),
      6,
    ),
  );
});

test("a step in parts is that of the whole batch, also for the entropy of all codes", async () => {
  const pixels = Float32Array.from({ length: 4 * 3 * 64 }, (_, i) => 0.5 + 0.4 * Math.sin(i * i));
  const stepped = async (microBatches: number): Promise<[StepResults, Values]> => {
    const parameters: Autoencoder<TensorSpec> = autoencoderParameters(config);
    const state = new State(referenceBackend(), optimizerState(parameters, { microBatches }));
    await initialize(state, keyOf(1));
    const constant = (value: number): CosineOptions => ({ from: value, to: value, over: 1 });
    const loss = codebookLoss(spec([4, 3, 8, 8]), {
      ...{ config, precision: "float32", fixedScale: undefined, usageWeight: 500 },
      temperature: constant(1e9), // each part has noise of its own, which is nothing beside this
      divergenceWeight: constant(1),
    });
    const learningRate = (): Tensor => fill([], 0.01);
    const optimizer = { epsilon: 1e-3 };
    const step = optimizerStep(state, loss, { ...{ optimizer, learningRate, microBatches } });
    const results = await step.run({ pixels, key: Int32Array.of(0, 1) });
    const weights = await state.read("parameters/codebook/output/weight");
    return [results, weights];
  };
  const [whole, weights] = await stepped(1);
  for (const parts of [2, 4]) {
    const [results, others] = await stepped(parts);
    for (const [name, value] of leavesOf<number>(results)) {
      expect(value, name).toBeCloseTo(new Map(leavesOf<number>(whole)).get(name)!, 4);
    }
    expect(Array.from(others)).toEqual(closeTo(Array.from(weights), 4));
  }
});
