import type { Backend } from "../../backend/backend.js";
import type { Abortable } from "../../base/call-options.js";
import { compile } from "../../backend/program.js";
import { State } from "../../backend/state.js";
import { subtract } from "../../graph/ops/arithmetic.js";
import { spec } from "../../graph/tensor.js";
import { rowOf } from "../../inference/similarity.js";
import { exactLinear } from "../../nn/linear.js";
import { Predictions } from "../classification.js";
import type { LinearProbe } from "./fitter.js";
import { type LabeledFeatures, blocksOf } from "./labeled-features.js";

const rowsPerBlock = 1024;

/**
 * Classifies items with a probe.
 *
 * @returns for each item the predicted class and the rank of the right one; `result(key)` gives accuracies with intervals
 */
export async function predict(
  backend: Backend,
  probe: LinearProbe,
  features: LabeledFeatures,
  options: Abortable = {},
): Promise<Predictions> {
  const predictions = new Predictions(features.labels, probe.classes);
  let item = 0;
  for await (const logits of logitsOf(backend, probe, features, options)) {
    predictions.add(item++, logits);
  }
  return predictions;
}

/** The logits of each item in turn, float32 [classes]; valid until the next ones are asked for. */
export async function* logitsOf(
  backend: Backend,
  { weight, bias, mean, width, classes }: LinearProbe,
  features: LabeledFeatures,
  { signal }: Abortable = {},
): AsyncGenerator<Float32Array> {
  const rows = Math.min(rowsPerBlock, features.labels.length);
  const parameters = { weight: spec([classes, width]), bias: spec([classes]) };
  const state = new State(backend, { ...parameters, mean: spec([width]) });
  state.writeAll({ weight, bias, mean });
  const inputs = { features: spec([rows, width]) };
  const program = compile({ state, inputs }, (probe, given) => ({
    outputs: { logits: exactLinear(probe, subtract(given.features, probe.mean), "float32") },
  }));
  try {
    for await (const block of blocksOf(features, rows)) {
      const { logits } = await program.run({ features: block.features }, { signal });
      for (let row = 0; row < block.rows; row++) yield rowOf(logits as Float32Array, row, classes);
    }
  } finally {
    program.dispose();
    state.dispose();
  }
}
