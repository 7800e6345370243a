/**
 * FLAVA in TypeScript.
 *
 * @example
 * const flava = await load("path/to/flava-full");
 * const [best] = await flava.classify("photo.jpg", ["cat", "dog"]);
 * console.log(best.label, best.probability);
 * await flava.close();
 */
export { load, type LoadOptions } from "./api/load.js";
export type { Flava, MaskedPair } from "./api/flava.js";
export type { Classification, ClassifyOptions } from "./api/classify.js";
export type { Candidate, FilledText, FillTextOptions } from "./api/fill-text.js";
export type { FilledImage, FillImageOptions } from "./api/fill-image.js";
export type { ImageInput } from "./api/image-input.js";
export { openBackend, type BackendOptions } from "./backend/open.js";
export type { Backend } from "./backend/backend.js";
export { State } from "./backend/state.js";
export { compile, Program, type ProgramMemory, type ProgramOptions } from "./backend/program.js";
export type { Values } from "./backend/values.js";
export { NonFiniteError, OutOfMemoryError, ShapeError } from "./base/errors.js";
export { models, type ModelName } from "./configs/models.js";
export { openCheckpoint } from "./checkpoint/open.js";
export { loadWeights, WeightsMismatch } from "./checkpoint/load.js";
export type { LoadReport } from "./checkpoint/compare.js";
export { writeHuggingFace } from "./checkpoint/huggingface.js";
export { ImageError } from "./data/image/image-error.js";
export type { Image } from "./data/image/image.js";
export type { FlavaConfig } from "./model/config.js";
export { flavaParameters, pretrainingParameters } from "./model/flava.js";
export {
  imageOutputs,
  matchProbability,
  pairOutputs,
  textOutputs,
  tokenProbabilities,
} from "./model/outputs.js";
export { initialize } from "./nn/parameter.js";
export type { Precision } from "./nn/precision.js";
export { spec, type Tensor, type TensorSpec } from "./graph/tensor.js";
export { gradient } from "./graph/gradient.js";
export { remat } from "./graph/remat.js";
export { optimizerStep, type OptimizerStepOptions } from "./train/optimizer-step.js";
export {
  boundLogitScale,
  pretrainingLoss,
  pretrainingRules,
} from "./train/stages/pretraining-loss.js";
export type { CompiledStep, StepResults } from "./train/step/compiled-step.js";
export { optimizerState, type OptimizerState } from "./train/step/update.js";
export type { Loss } from "./train/step/loss.js";
