/** Loads a model from files. */
import { existsSync } from "node:fs";
import { type BackendOptions, requestBackend } from "../backend/open.js";
import type { CallOptions } from "../base/call-options.js";
import { packagePath } from "../base/package-root.js";
import { warn } from "../base/warn.js";
import { loadModel } from "../checkpoint/load-model.js";
import { type Precision, requirePrecision } from "../nn/precision.js";
import { Flava } from "./flava.js";
import { pathOf } from "./path.js";

/** How a model is loaded and how it will compute. Progress is in tensors. */
export interface LoadOptions extends CallOptions {
  /**
   * Precision of matrix products; default: "float32". "bfloat16" is faster on processors that support it, but slightly
   * less accurate.
   */
  readonly precision?: Precision;
  /** Maximum batch size; default: 32. */
  readonly batch?: number;
  /** Number of attention heads of each encoder, for a weights file without a config.json. */
  readonly heads?: number;
  /** Backend, threads and processor level; default: the best available. */
  readonly backend?: BackendOptions;
  /** Receives warnings, such as for truncated texts, at most once per call; default: `process.emitWarning`. */
  readonly onWarning?: (message: string) => void;
}

/**
 * Loads a model, by default the one that ships with the package.
 *
 * @param path a directory in Hugging Face format (config.json and weights; optionally an image processor, a tokenizer
 *   and codebook_decoder.safetensors), or a weights file with a config.json beside it
 * @returns the model; call `close` or declare it with `await using` to free its memory
 * @throws CheckpointError if there is no usable checkpoint at `path`
 * @throws WeightsMismatch if the weights do not match the sizes in config.json
 * @throws RangeError if there is no such precision, or the batch size is no integer >= 1
 *
 * @example
 * import { load } from "flava";
 *
 * const flava = await load();
 * const [best] = await flava.classify("photo.jpg", ["cat", "dog"]);
 * console.log(best?.label, best?.probability);
 * await flava.close();
 */
export async function load(path?: string | URL, options: LoadOptions = {}): Promise<Flava> {
  const { precision = "float32", batch, heads, onWarning = warn, signal, onProgress } = options;
  requirePrecision(precision);
  const place = path === undefined ? shippedModel() : pathOf(path);
  const backend = await requestBackend(options.backend);
  try {
    const model = await loadModel(place, backend, {
      heads,
      onWarning,
      ...(signal && { signal }),
      ...(onProgress && { onProgress }),
    });
    return new Flava(
      { ...model, backend, precision },
      { onWarning, ...(batch !== undefined && { batch }) },
    );
  } catch (error) {
    backend.dispose();
    throw error;
  }
}

/**
 * The directory of the model that ships with the package, which `load` reads by default.
 * @throws Error if it is missing
 */
export function shippedModel(): string {
  const path = packagePath("models", "mini");
  if (existsSync(path)) return path;
  throw new Error(
    `The model that ships with the package is missing at ${path}. Train it (npx flava pretrain mini), or load another ` +
      'one: load("path/to/flava-full").',
  );
}
