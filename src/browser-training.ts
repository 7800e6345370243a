/**
 * Pre-training FLAVA in a browser, on WebGPU or WebAssembly.
 *
 * @module flava/browser-training
 *
 * @example
 * import { decodeFile, train } from "flava/browser-training";
 *
 * const image = { width: 64, height: 64, data: new Uint8ClampedArray(64 * 64 * 4) }; // or await decodeFile(file)
 * const pairs = [
 *   { image, texts: ["a red heart"] },
 *   { image, texts: ["a blue house"] },
 * ]; // some hundred more
 * const vocabulary = await (await fetch("/vocab.txt")).text();
 * const flava = await train({ pairs }, { vocabulary, onEntry: console.log });
 */
export { train, type BrowserRecipe, type TrainOptions } from "./browser/train.js";
export type { TrainingCheckpoint } from "./browser/training-checkpoint.js";
export type { OpenedBackend } from "./browser/opened-backend.js";
export type { TrainingEntry } from "./browser/training-entry.js";
export type { TrainingData, TrainingPair } from "./browser/memory-data.js";
export { quickstartSettings } from "./configs/quickstart-settings.js";
export { type RecipeInput, RecipeError } from "./configs/recipe.js";
export type { Flava } from "./browser/flava.js";
export { type BrowserImage, type DecodeFileOptions, decodeFile } from "./browser/image.js";
export type { BackendOptions } from "./browser/backend.js";
export type { Backend } from "./backend/backend.js";
export type { Values } from "./backend/values.js";
export type { Abortable } from "./base/call-options.js";
export type { MixtureCursor } from "./data/batch/mixture.js";
export type { Image } from "./data/image/image.js";
