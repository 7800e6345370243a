/**
 * FLAVA, ready for use: load a model, then embed, classify, match and fill.
 *
 * @example
 * import { load } from "flava";
 *
 * await using flava = await load("path/to/flava-full");
 * const [best] = await flava.classify("photo.jpg", ["cat", "dog"]);
 * console.log(best?.label, best?.probability);
 */
export { load, type LoadOptions } from "./api/load.js";
export { exportModel, type ExportOptions } from "./api/export-model.js";
export type { Flava, MaskedPair, SaveOptions } from "./api/flava.js";
export type { PredictedLabel, PredictInput, Prediction } from "./api/predict.js";
export type { Classification, ClassifyOptions } from "./api/classify.js";
export type { Candidate, FilledText, FillTextOptions } from "./api/fill-text.js";
export type { FilledImage, FillImageOptions } from "./api/fill-image.js";
export type { ImageInput } from "./api/image-input.js";
export type { BackendOptions } from "./backend/open.js";
export type { Abortable, CallOptions } from "./base/call-options.js";
export { NonFiniteError, OutOfMemoryError, ShapeError } from "./base/errors.js";
export { WeightsMismatch } from "./checkpoint/load.js";
export { ImageError } from "./data/image/image-error.js";
export type { Image } from "./data/image/image.js";
export type { FeatureOptions } from "./model/features.js";
export type { Precision } from "./nn/precision.js";
