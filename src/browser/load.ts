/** Loads a model by its URL, without Node. */
import { State } from "../backend/state.js";
import type { Abortable } from "../base/call-options.js";
import { recognize } from "../checkpoint/checkpoint.js";
import { bytesInMemory } from "../checkpoint/files/byte-source.js";
import { parseObject } from "../checkpoint/files/json.js";
import { safetensorsIn } from "../checkpoint/files/safetensors-header.js";
import { CheckpointError } from "../checkpoint/files/stored-tensor.js";
import { readConfig } from "../checkpoint/huggingface-config.js";
import { describeLosses, loadWeights } from "../checkpoint/load.js";
import { parametersOf } from "../checkpoint/parameters.js";
import {
  type ModelDirectory,
  describeInterpolation,
  processorOf,
  requireEmbeddings,
  tokenizerOf,
} from "../checkpoint/read-processing.js";
import { type BackendOptions, openBrowserBackend } from "./backend.js";
import { type OnBytes, NotFoundError, fetchBytes } from "./fetch.js";
import { Flava, warn } from "./flava.js";

/** What computes, and how the files are fetched. */
export interface LoadOptions extends Abortable, BackendOptions {
  /** Called while the weights arrive, with bytes so far and in all (0 if the server does not say). */
  readonly onProgress?: OnBytes;
  /**
   * Keeps the files in the browser's cache "flava", and downloads them again only if the server has another version; default:
   * true.
   */
  readonly cache?: boolean;
  /** Receives warnings, such as for truncated texts, at most once per call; default: `console.warn`. */
  readonly onWarning?: (message: string) => void;
}

/**
 * Loads a model: config.json, model.safetensors, preprocessor_config.json and vocab.txt or tokenizer.json below `url`,
 * as `flava convert`, `save` and transformers write them.
 *
 * @throws CheckpointError if a file is missing or there is no usable checkpoint
 *
 * @example
 * import { load } from "flava/browser";
 *
 * const flava = await load("/models/mini/");
 * const image = { width: 64, height: 64, data: new Uint8ClampedArray(64 * 64 * 4) }; // as getImageData gives it
 * const [best] = await flava.classify(image, ["cat", "dog"]);
 */
export async function load(
  url: string | URL,
  { signal, onProgress, cache = true, onWarning = warn, ...options }: LoadOptions = {},
): Promise<Flava> {
  const files = new Files(String(url).replace(/\/$/, ""), signal, cache);
  const { path } = files;
  const [json, weights] = await Promise.all([
    files.read("config.json"),
    files.read("model.safetensors", onProgress),
  ]);
  if (!json || !weights) {
    throw new CheckpointError(`${path} has no ${json ? "model.safetensors" : "config.json"}.`);
  }
  const sizes = readConfig(`${path}/config.json`, parseObject(`${path}/config.json`, json));
  if (sizes.kind !== "flava") throw new CheckpointError(`${path} holds no FLAVA model.`);
  const { config } = sizes;
  const say = (line: string): void => onWarning(`${path}: ${line}`);
  const [tokenizer, processor] = await Promise.all([tokenizerOf(files), processorOf(files, say)]);
  if (!tokenizer) throw new CheckpointError(`${path} has neither vocab.txt nor tokenizer.json.`);
  if (!processor)
    throw new CheckpointError(
      `${path} has neither processor_config.json nor preprocessor_config.json.`,
    );
  requireEmbeddings(tokenizer, config);
  const checkpoint = {
    ...recognize(path, await safetensorsIn(bytesInMemory(`${path}/model.safetensors`, weights))),
    ...{ path, sizes, format: "safetensors", close: () => Promise.resolve() },
  };
  const backend = await openBrowserBackend(options, signal);
  try {
    const state = new State(backend, { parameters: parametersOf(checkpoint, config, false) });
    await loadWeights(checkpoint, state, { parts: ["flava", "heads", "codebook"] });
    const said = [
      describeInterpolation(processor, config) ?? [],
      describeLosses(checkpoint),
    ].flat();
    for (const line of said) say(line);
    return new Flava({ config, state, tokenizer, processor, backend }, onWarning);
  } catch (error) {
    backend.dispose();
    throw error;
  }
}

/** The files of a model. */
class Files implements ModelDirectory {
  constructor(
    readonly path: string,
    readonly signal: AbortSignal | undefined,
    readonly keeps: boolean,
  ) {}

  async read(name: string, onProgress?: OnBytes) {
    const options = { signal: this.signal, onProgress, keeps: this.keeps };
    return fetchBytes(`${this.path}/${name}`, options).catch((error: unknown) => {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    });
  }
}
