/**
 * The engine: functions of tensors, traced, differentiated and compiled to programs; and FLAVA as such functions.
 *
 * @example
 * import { State, compile, openBackend, spec } from "flava/engine";
 *
 * const backend = openBackend();
 * const state = new State(backend, {});
 * const program = compile({ state, inputs: { x: spec([4]) } }, (_, { x }) => ({ outputs: { x } }));
 * console.log(await program.run({ x: Float32Array.of(1, 2, 3, 4) }));
 * backend.dispose();
 */
export type { Backend } from "./backend/backend.js";
export { type BackendOptions, openBackend } from "./backend/open.js";
export { Program, type ProgramMemory, type ProgramOptions, compile } from "./backend/program.js";
export { State } from "./backend/state.js";
export type { Values } from "./backend/values.js";
export { NonFiniteError, OutOfMemoryError, ShapeError } from "./base/errors.js";
export { type Key, keyOf } from "./base/random.js";
export type { LoadReport } from "./checkpoint/compare.js";
export { writeHuggingFace } from "./checkpoint/huggingface.js";
export { WeightsMismatch, loadWeights } from "./checkpoint/load.js";
export { openCheckpoint } from "./checkpoint/open.js";
export { type ModelName, models } from "./configs/models.js";
export { gradient } from "./graph/gradient.js";
export { remat } from "./graph/remat.js";
export { type Tensor, type TensorSpec, spec } from "./graph/tensor.js";
export type { FlavaConfig } from "./model/config.js";
export { flavaParameters } from "./model/flava.js";
export {
  imageOutputs,
  matchProbability,
  pairOutputs,
  textOutputs,
  tokenProbabilities,
} from "./model/outputs.js";
export { initialize } from "./nn/parameter.js";
export type { Precision } from "./nn/precision.js";
