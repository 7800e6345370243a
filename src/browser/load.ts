/** Loads a model by its URL, without Node. */
import { State } from "../backend/state.js";
import type { Abortable } from "../base/call-options.js";
import { recognize } from "../checkpoint/checkpoint.js";
import { bytesInMemory } from "../checkpoint/files/byte-source.js";
import { type JsonObject, parseObject } from "../checkpoint/files/json.js";
import { safetensorsIn } from "../checkpoint/files/safetensors-header.js";
import { CheckpointError } from "../checkpoint/files/stored-tensor.js";
import { readConfig } from "../checkpoint/huggingface-config.js";
import { loadWeights } from "../checkpoint/load.js";
import { parametersOf } from "../checkpoint/parameters.js";
import { processorFromConfig } from "../data/image/processor-config.js";
import { tokenizerFromFiles } from "../data/text/tokenizer-config.js";
import { vocabularyText } from "../data/text/vocabulary.js";
import { type BackendOptions, openBrowserBackend } from "./backend.js";
import { type OnBytes, NotFoundError, fetchBytes } from "./fetch.js";
import { Flava } from "./flava.js";

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
 * as `flava convert` and `save` write them.
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
  { signal, onProgress, cache = true, onWarning, ...options }: LoadOptions = {},
): Promise<Flava> {
  const base = `${String(url).replace(/\/$/, "")}/`;
  const files = new Files(base, signal, cache);
  const [source, weights] = await Promise.all([
    files.json("config.json"),
    files.bytes("model.safetensors", onProgress),
  ]);
  if (!source || !weights) {
    throw new CheckpointError(`${base} has no ${source ? "model.safetensors" : "config.json"}.`);
  }
  const sizes = readConfig(`${base}config.json`, source);
  if (sizes.kind !== "flava") throw new CheckpointError(`${base} holds no FLAVA model.`);
  const { config } = sizes;
  const [tokenizer, processor] = await Promise.all([files.tokenizer(), files.processor()]);
  const checkpoint = {
    ...recognize(base, await safetensorsIn(bytesInMemory(`${base}model.safetensors`, weights))),
    ...{ path: base, sizes, format: "safetensors", close: () => Promise.resolve() },
  };
  const backend = await openBrowserBackend(options, signal);
  try {
    const state = new State(backend, { parameters: parametersOf(checkpoint, config, false) });
    await loadWeights(checkpoint, state, { parts: ["flava", "heads", "codebook"] });
    return new Flava({ config, state, tokenizer, processor, backend }, onWarning);
  } catch (error) {
    backend.dispose();
    throw error;
  }
}

/** The files of a model. */
class Files {
  constructor(
    readonly base: string,
    readonly signal: AbortSignal | undefined,
    readonly keeps: boolean,
  ) {}

  /** The content of a file; undefined if there is none. */
  async bytes(name: string, onProgress?: OnBytes) {
    const options = { signal: this.signal, onProgress, keeps: this.keeps };
    return fetchBytes(`${this.base}${name}`, options).catch((error: unknown) => {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    });
  }

  async json(name: string): Promise<JsonObject | undefined> {
    const bytes = await this.bytes(name);
    return bytes && parseObject(`${this.base}${name}`, bytes);
  }

  async tokenizer() {
    const [text, tokenizer, config] = await Promise.all([
      this.bytes("vocab.txt"),
      this.json("tokenizer.json"),
      this.json("tokenizer_config.json"),
    ]);
    const vocabulary = text && vocabularyText(text, `${this.base}vocab.txt`);
    const found = tokenizerFromFiles({ directory: this.base, vocabulary, tokenizer, config });
    if (found) return found;
    throw new CheckpointError(`${this.base} has neither vocab.txt nor tokenizer.json.`);
  }

  async processor() {
    const name = "preprocessor_config.json";
    const json = await this.json(name);
    if (json) return processorFromConfig(json, `${this.base}${name}`);
    throw new CheckpointError(`${this.base} has no ${name}.`);
  }
}
