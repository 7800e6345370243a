/**
 * FLAVA in a browser, on WebGPU or WebAssembly.
 *
 * @example
 * import { load } from "flava/browser";
 *
 * const flava = await load("/models/mini/");
 * const [vector] = await flava.embedTexts(["a photo of a cat"]);
 */
export { load, type LoadOptions } from "./browser/load.js";
export type { Flava } from "./browser/flava.js";
export { decodeFile, type BrowserImage } from "./browser/image.js";
export type { ModelFiles } from "./checkpoint/model-files.js";
export type { Classification, ClassifyOptions } from "./api/classify.js";
export { CheckpointError } from "./checkpoint/files/stored-tensor.js";
export { OutOfMemoryError } from "./base/errors.js";
