/**
 * FLAVA, ready for use: load a model, then embed, classify, match and fill.
 *
 * @module flava
 *
 * @example
 * import { load } from "flava";
 *
 * await using flava = await load("path/to/flava-full");
 * const [best] = await flava.classify("photo.jpg", ["cat", "dog"]);
 * console.log(best?.label, best?.probability);
 */
export { load, type LoadOptions, shippedModel } from "./api/load.js";
export { exportModel, type ExportOptions } from "./api/export-model.js";
export type { Flava, SaveOptions } from "./api/flava.js";
export type { PredictInput, PredictedLabel, Prediction } from "./api/predict.js";
export type { Classification, ClassifyOptions } from "./api/classify.js";
export type { Candidate, FillTextOptions, FilledText, MaskedPair } from "./api/fill-text.js";
export type { FillImageOptions, FilledImage } from "./api/fill-image.js";
export type { ImageInput } from "./api/image-input.js";
export type { LoadedModel } from "./api/model.js";
export type { BackendOptions } from "./backend/open.js";
export type { Backend } from "./backend/backend.js";
export type { Communicator } from "./backend/communicator.js";
export type { NativeOptions } from "./backend/native.js";
export type { State } from "./backend/state.js";
export type { Abortable, CallOptions } from "./base/call-options.js";
export { NonFiniteError, OutOfMemoryError, ShapeError } from "./base/errors.js";
export { WeightsMismatch } from "./checkpoint/load.js";
export type { LoadReport } from "./checkpoint/compare.js";
export type { WeightDtype } from "./checkpoint/huggingface-config.js";
export type { Model, ModelParameters } from "./checkpoint/model.js";
export type { JsonObject } from "./checkpoint/files/json.js";
export { type ImageReason, ImageError } from "./data/image/image-error.js";
export type { Image } from "./data/image/image.js";
export type { ImageProcessor } from "./data/image/processor.js";
export type { SkipReason } from "./data/batch/skipped.js";
export type { Labels } from "./data/labeled/labels.js";
export type { SampleColumns } from "./data/labeled/labeled-row.js";
export type { Tokenizer } from "./data/text/tokenizer.js";
export type { Vocabulary } from "./data/text/vocabulary.js";
export type { FeatureOptions } from "./model/features.js";
export type { FlavaConfig } from "./model/config.js";
export type { Task, TaskEncoder } from "./model/task.js";
export type { Precision } from "./nn/precision.js";
export type { Parameter } from "./nn/parameter.js";
export type { OnnxDtype } from "./export/onnx/dtype.js";
export type { Embedder } from "./inference/embedder.js";
export type { HiddenWords, ImageOrPixels, TextOrIds } from "./inference/inputs.js";
export type { Question, TaskPredictor } from "./inference/task-predictor.js";
