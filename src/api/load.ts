/** From a directory of files to a model that can be used. */
import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Backend } from "../backend/backend.js";
import { type BackendOptions, openBackend } from "../backend/open.js";
import { State } from "../backend/state.js";
import { packagePath } from "../base/package-root.js";
import type { Checkpoint } from "../checkpoint/checkpoint.js";
import { decoderName } from "../checkpoint/huggingface.js";
import { loadWeights } from "../checkpoint/load.js";
import { openCheckpoint } from "../checkpoint/open.js";
import type { ImageProcessor } from "../data/image/processor.js";
import { processorFromConfig } from "../data/image/processor-config.js";
import { openTokenizer } from "../data/text/tokenizer.js";
import { codebookParameters } from "../model/codebook.js";
import { codebookDecoderParameters } from "../model/codebook-decoder.js";
import type { FlavaConfig } from "../model/config.js";
import { flavaParameters, pretrainingHeadParameters } from "../model/flava.js";
import { processorFor } from "../inference/processor.js";
import type { Parameter } from "../nn/parameter.js";
import type { Precision } from "../nn/precision.js";
import { Flava } from "./flava.js";
import type { ModelParameters } from "./model.js";
import { pathOf } from "./path.js";

export interface LoadOptions {
  /** How it computes. Default: "float32"; "bfloat16" is faster on processors that have it, and a little less exact. */
  readonly precision?: Precision;
  /** Images or texts that go through the model together, at most; default: 32. */
  readonly batch?: number;
  /** Which backend, threads and processor level; default: the best there is. */
  readonly backend?: BackendOptions;
  /** Told of what goes on silently otherwise, such as texts that are cut; default: `process.emitWarning`. */
  readonly onWarning?: (message: string) => void;
}

/**
 * Loads a model, by default the one that comes with the package.
 *
 * @param path a directory in Hugging Face's form (config.json and weights; preprocessor_config.json, vocab.txt and
 *   codebook_decoder.safetensors where there are any), or a file of weights
 * @throws CheckpointError where there is none, WeightsMismatch where weights and sizes do not fit
 *
 * @example
 * const flava = await load();
 * const [best] = await flava.classify("photo.jpg", ["cat", "dog"]);
 * console.log(best.label, best.probability);
 * await flava.close();
 */
export async function load(path?: string | URL, options: LoadOptions = {}): Promise<Flava> {
  const place = path === undefined ? ownModel() : pathOf(path);
  const checkpoint = await openCheckpoint(place);
  const backend = openBackend(options.backend);
  try {
    return await flavaFrom(checkpoint, backend, options);
  } catch (error) {
    backend.dispose();
    throw error;
  } finally {
    await checkpoint.close();
  }
}

async function flavaFrom(
  checkpoint: Checkpoint,
  backend: Backend,
  { precision = "float32", batch, onWarning = warn }: LoadOptions,
): Promise<Flava> {
  const { path, sizes } = checkpoint;
  if (sizes?.kind !== "flava") {
    throw new Error(`${path} holds no FLAVA model, but a ${checkpoint.family}.`);
  }
  const { config } = sizes;
  const directory = (await stat(path)).isDirectory() ? path : undefined;
  const decoder = directory === undefined ? undefined : await openDecoder(directory);
  const parameters = parametersOf(checkpoint, config, decoder !== undefined);
  const state = new State(backend, { parameters });
  try {
    await loadWeights(checkpoint, state, { parts: ["flava", "heads", "codebook"] });
    if (decoder) await loadWeights(decoder, state, { parts: ["decoder"] });
  } finally {
    await decoder?.close();
  }
  const vocabulary = directory === undefined ? undefined : ifThere(join(directory, "vocab.txt"));
  const tokenizer = await openTokenizer(vocabulary === undefined ? {} : { vocabulary });
  const processor = await readProcessor(directory, config);
  const model = { path, config, state, backend, tokenizer, processor, precision };
  return new Flava(model, { onWarning, ...(batch !== undefined && { batch }) });
}

/** Declares what the checkpoint holds. */
function parametersOf(
  { weights }: Checkpoint,
  config: FlavaConfig,
  hasDecoder: boolean,
): ModelParameters<Parameter> {
  const has = (root: string): boolean => [...weights.keys()].some((path) => path.startsWith(root));
  return {
    flava: flavaParameters(config),
    ...(has("heads/") && { heads: pretrainingHeadParameters(config) }),
    ...(has("codebook/") && { codebook: codebookParameters(config.codebook) }),
    ...(hasDecoder && { decoder: codebookDecoderParameters(config.codebook) }),
  };
}

async function openDecoder(directory: string): Promise<Checkpoint | undefined> {
  const path = ifThere(join(directory, decoderName));
  return path === undefined ? undefined : openCheckpoint(path);
}

/** What the directory says of images; where it says nothing, what suits the model's sizes. */
async function readProcessor(
  directory: string | undefined,
  config: FlavaConfig,
): Promise<ImageProcessor> {
  const path = directory && ifThere(join(directory, "preprocessor_config.json"));
  if (path === undefined) return processorFor(config);
  const text = await readFile(path, "utf8");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new Error(`${path} is not JSON: ${String(cause)}`, { cause });
  }
  return processorFromConfig(json);
}

/** Where the model lies that comes with the package. */
function ownModel(): string {
  const path = packagePath("models", "mini");
  if (existsSync(path)) return path;
  throw new Error(
    `The model that comes with the package is not at ${path}. Train it (npx flava pretrain mini), or give the path of ` +
      'another one: load("path/to/flava-full").',
  );
}

const ifThere = (path: string): string | undefined => (existsSync(path) ? path : undefined);

function warn(message: string): void {
  process.emitWarning(message, "FlavaWarning");
}
