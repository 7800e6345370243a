/**
 * FLAVA in TypeScript.
 *
 * @example
 * const checkpoint = await openCheckpoint("path/to/flava-full");
 * console.log(checkpoint.family);
 */
export { openBackend, type BackendOptions } from "./backend/open.js";
export type { Backend } from "./backend/backend.js";
export { State } from "./backend/state.js";
export { compile, Program, type ProgramMemory, type ProgramOptions } from "./backend/program.js";
export type { Values } from "./backend/values.js";
export { NonFiniteError, OutOfMemoryError, ShapeError } from "./base/errors.js";
export { models, type ModelName } from "./configs/models.js";
export { openCheckpoint } from "./checkpoint/open.js";
export { loadWeights, WeightsMismatch, type LoadReport } from "./checkpoint/load.js";
export { writeHuggingFace } from "./checkpoint/huggingface.js";
export type { FlavaConfig } from "./model/config.js";
export { flavaParameters, pretrainingParameters } from "./model/flava.js";
export {
  imageOutputs,
  matchProbability,
  pairOutputs,
  textOutputs,
  tokenProbabilities,
} from "./model/outputs.js";
export { initialise } from "./nn/parameter.js";
export type { Precision } from "./nn/precision.js";
export { spec, type Tensor, type TensorSpec } from "./graph/tensor.js";
export { gradient } from "./graph/gradient.js";
export { checkpoint } from "./graph/checkpoint.js";
export { trainingState, trainingStep } from "./train/step.js";
