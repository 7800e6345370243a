/**
 * FLAVA as pure functions of symbolic tensors: layers, encoders and heads, their parameters, sizes and weights.
 *
 * @module flava/model
 *
 * @example
 * import { State, compile, keyOf, openBackend, spec } from "flava/engine";
 * import { flavaParameters, imageOutputs, initialize, models } from "flava/model";
 *
 * const config = models.mini;
 * const backend = openBackend();
 * const state = new State(backend, { parameters: { flava: flavaParameters(config) } });
 * await initialize(state, keyOf(1)); // or loadWeights(await openCheckpoint("path/to/flava-full"), state)
 * const { channels, size } = config.image;
 * const inputs = { pixels: spec([1, channels, size, size]) };
 * const program = compile({ state, inputs }, ({ parameters }, { pixels }) => {
 *   const model = { config, parameters, precision: "float32" } as const;
 *   return { outputs: { embedding: imageOutputs(model, { pixels }).embedding } };
 * });
 * const { embedding } = await program.run({ pixels: new Float32Array(channels * size * size) });
 * console.log(embedding.length);
 * backend.dispose();
 */
export type { LoadReport } from "./checkpoint/compare.js";
export { type WriteHuggingFaceOptions, writeHuggingFace } from "./checkpoint/huggingface.js";
export { type LoadWeightsOptions, WeightsMismatch, loadWeights } from "./checkpoint/load.js";
export { type OpenCheckpointOptions, openCheckpoint } from "./checkpoint/open.js";
export type { Checkpoint, Weight } from "./checkpoint/checkpoint.js";
export type { Sizes, WeightDtype } from "./checkpoint/huggingface-config.js";
export type { ConfigOptions } from "./checkpoint/huggingface-model.js";
export type { ModelParameters } from "./checkpoint/model.js";
export type { Family } from "./checkpoint/names.js";
export type { JsonObject } from "./checkpoint/files/json.js";
export { type ModelName, models } from "./configs/models.js";
export {
  type Codebook,
  type CodebookBlock,
  type Convolution,
  codebookLogits,
  codebookParameters,
  visualTokens,
  visualTokensAt,
} from "./model/codebook.js";
export type {
  CodebookConfig,
  FlavaConfig,
  ImageConfig,
  StackConfig,
  TextConfig,
} from "./model/config.js";
export type { Encoded } from "./model/encoded.js";
export { type FeatureOptions, imageFeatures, textFeatures } from "./model/features.js";
export {
  type Flava,
  type FlavaForPretraining,
  type PretrainingHeads,
  flavaParameters,
  pretrainingParameters,
} from "./model/flava.js";
export {
  type ImageEncoder,
  type ImageInput,
  type ImageOptions,
  encodeImage,
} from "./model/image-encoder.js";
export { type MultimodalEncoder, encodePair } from "./model/multimodal-encoder.js";
export {
  type UnimodalOutputs,
  type PairOutputs,
  imageOutputs,
  matchLogit,
  matchProbability,
  pairOutputs,
  textOutputs,
  tokenProbabilities,
} from "./model/outputs.js";
export { type TextEncoder, type TextInput, encodeText } from "./model/text-encoder.js";
export type { EncoderOptions, TracedModel } from "./model/traced-model.js";
export type { CodebookDecoder } from "./model/codebook-decoder.js";
export type { MaskedHead, MatchHead } from "./model/heads.js";
export type { Interpolation } from "./model/position-interpolation.js";
export type { TaskHead } from "./model/task-head.js";
export type { FlavaForTask } from "./model/task-model.js";
export { type Attention, type Visibility, attention, attentionParameters } from "./nn/attention.js";
export { type Block, type BlockOptions, block, blockParameters } from "./nn/block.js";
export { type LayerNorm, layerNorm, layerNormParameters } from "./nn/layer-norm.js";
export { type Linear, exactLinear, linear, linearParameters } from "./nn/linear.js";
export { type Mlp, mlp, mlpParameters } from "./nn/mlp.js";
export {
  type Initial,
  Parameter,
  constant,
  initialize,
  parameterCount,
  weight,
} from "./nn/parameter.js";
export type { Precision } from "./nn/precision.js";
export { type StackOptions, type StackSizes, stack, stackParameters } from "./nn/stack.js";
export type { State } from "./backend/state.js";
export type { Abortable, CallOptions } from "./base/call-options.js";
export type { Key } from "./base/random.js";
export type { TreeOf } from "./base/tree.js";
export type { Dtype, Shape, Tensor, TensorSpec } from "./graph/tensor.js";
