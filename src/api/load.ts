/** From a directory of files to a model that can be used. */
import { existsSync } from "node:fs";
import { type BackendOptions, openBackend } from "../backend/open.js";
import { packagePath } from "../base/package-root.js";
import { loadModel } from "../checkpoint/load-model.js";
import type { Precision } from "../nn/precision.js";
import { Flava } from "./flava.js";
import { pathOf } from "./path.js";

export interface LoadOptions {
  /** How it computes. Default: "float32"; "bfloat16" is faster on processors that have it, and a little less exact. */
  readonly precision?: Precision;
  /** Images or texts that go through the model together, at most; default: 32. */
  readonly batch?: number;
  /** Attention heads of each encoder, for a file of weights without its config.json. */
  readonly heads?: number;
  /** Which backend, threads and processor level; default: the best there is. */
  readonly backend?: BackendOptions;
  /**
   * Called with warnings, such as of truncated texts, one for all of a call; default: `process.emitWarning`.
   */
  readonly onWarning?: (message: string) => void;
}

/**
 * Loads a model, by default the one that comes with the package.
 *
 * @param path a directory in Hugging Face's form (config.json, weights, and what else there is of an image processor, a
 *   tokenizer and codebook_decoder.safetensors), or a file of weights, by preference beside its config.json
 * @throws CheckpointError where there is none, WeightsMismatch where weights and sizes do not fit
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
  const { precision = "float32", batch, heads, onWarning = warn } = options;
  const place = path === undefined ? ownModel() : pathOf(path);
  const backend = openBackend(options.backend);
  try {
    const model = await loadModel(place, backend, { heads, onWarning });
    return new Flava(
      { ...model, backend, precision },
      { onWarning, ...(batch !== undefined && { batch }) },
    );
  } catch (error) {
    backend.dispose();
    throw error;
  }
}

/** The directory of the model that comes with the package. */
function ownModel(): string {
  const path = packagePath("models", "mini");
  if (existsSync(path)) return path;
  throw new Error(
    `The model that comes with the package is not at ${path}. Train it (npx flava pretrain mini), or give the path of ` +
      'another one: load("path/to/flava-full").',
  );
}

function warn(message: string): void {
  process.emitWarning(message, "FlavaWarning");
}
