/**
 * FLAVA as pure functions of symbolic tensors: layers, encoders and heads, their parameters, sizes and weights.
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
export { writeHuggingFace } from "./checkpoint/huggingface.js";
export { WeightsMismatch, loadWeights } from "./checkpoint/load.js";
export { openCheckpoint } from "./checkpoint/open.js";
export { type ModelName, models } from "./configs/models.js";
export {
  type Codebook,
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
export { encodeImage } from "./model/image-encoder.js";
export { encodePair } from "./model/multimodal-encoder.js";
export {
  type UnimodalOutputs,
  imageOutputs,
  matchLogit,
  matchProbability,
  pairOutputs,
  textOutputs,
  tokenProbabilities,
} from "./model/outputs.js";
export { encodeText } from "./model/text-encoder.js";
export type { TracedModel } from "./model/traced-model.js";
export { type Attention, attention, attentionParameters } from "./nn/attention.js";
export { type Block, type BlockOptions, block, blockParameters } from "./nn/block.js";
export { type LayerNorm, layerNorm, layerNormParameters } from "./nn/layer-norm.js";
export { type Linear, exactLinear, linear, linearParameters } from "./nn/linear.js";
export { type Mlp, mlp, mlpParameters } from "./nn/mlp.js";
export { Parameter, constant, initialize, parameterCount, weight } from "./nn/parameter.js";
export type { Precision } from "./nn/precision.js";
export { type StackOptions, stack, stackParameters } from "./nn/stack.js";
