/** The small model as a directory of files, with the full vocabulary, a codebook and its decoder. */
import { referenceBackend } from "../src/backend/reference.js";
import { State } from "../src/backend/state.js";
import { foldIn, keyOf, normal } from "../src/base/random.js";
import { leavesOf } from "../src/base/tree.js";
import { codebookDecoderParameters } from "../src/model/codebook-decoder.js";
import type { FlavaConfig } from "../src/model/config.js";
import { pretrainingParameters } from "../src/model/flava.js";
import type { Parameter } from "../src/nn/parameter.js";
import { writeModel } from "../src/checkpoint/write-model.js";
import { config as small } from "./small-model.js";

/** The small model's sizes with BERT's whole vocabulary. */
export const checkpointConfig: FlavaConfig = {
  ...small,
  text: { ...small.text, vocabulary: 30522 },
};

/** The logit scale. */
export const logitScale = 2;

/** Parameters in double precision, all different from zero and one. */
export function stateOf<P>(parameters: P): State<{ readonly parameters: P }> {
  const state = new State(referenceBackend(), { parameters });
  for (const [path, { size, initial }] of leavesOf<Parameter>(parameters)) {
    // The codebook's are wider, so that tokens and their decoded images differ between positions.
    const fresh = initial.kind === "normal" ? initial.std : 0;
    const std = /^(codebook|decoder)/.test(path) ? 3 * fresh : 0.25;
    const values = normal(foldIn(keyOf(3), path), size, std);
    const isGain = path.endsWith("gain");
    state.write(`parameters/${path}`, isGain ? values.map((value) => 1 + value) : values);
  }
  state.write("parameters/flava/logitScale", Float32Array.of(logitScale));
  return state;
}

export const checkpointState = stateOf({
  ...pretrainingParameters(checkpointConfig),
  decoder: codebookDecoderParameters(checkpointConfig.codebook),
});

export function writeCheckpoint(directory: string): Promise<void> {
  return writeModel(directory, { state: checkpointState, config: checkpointConfig });
}
