/**
 * FLAVA in a browser, on WebGPU or WebAssembly.
 *
 * @module flava/browser
 *
 * @example
 * import { load } from "flava/browser";
 *
 * const flava = await load("/models/mini/");
 * const [vector] = await flava.embedTexts(["a photo of a cat"]);
 */
export { load, type LoadOptions } from "./browser/load.js";
export type { Flava } from "./browser/flava.js";
export {
  type BrowserImage,
  type CanvasPixels,
  type DecodeFileOptions,
  decodeFile,
} from "./browser/image.js";
export type { BackendOptions } from "./browser/backend.js";
export type { OnBytes } from "./browser/fetch.js";
export type { ModelFiles } from "./checkpoint/model-files.js";
export type { Classification, ClassifyOptions } from "./api/classify.js";
export { CheckpointError } from "./checkpoint/files/stored-tensor.js";
export { OutOfMemoryError } from "./base/errors.js";
export type { Abortable } from "./base/call-options.js";
export type { Backend } from "./backend/backend.js";
export type { Image } from "./data/image/image.js";
