/** A whole model from a directory or a file: sizes, weights, tokenizer and image processor. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Backend } from "../backend/backend.js";
import type { CallOptions } from "../base/call-options.js";
import { State } from "../backend/state.js";
import { fittedProcessor } from "../data/image/fitted-processor.js";
import type { ImageProcessor } from "../data/image/processor.js";
import { type Tokenizer, openTokenizer } from "../data/text/tokenizer.js";
import type { FlavaConfig } from "../model/config.js";
import type { Checkpoint } from "./checkpoint.js";
import { decoderName } from "./huggingface-model.js";
import { type WeightDtype, weightDtypes } from "./huggingface-config.js";
import { describeLosses, loadWeights } from "./load.js";
import type { Model } from "./model.js";
import { type OpenCheckpointOptions, openCheckpoint } from "./open.js";
import { CheckpointError } from "./files/stored-tensor.js";
import { parametersOf } from "./parameters.js";
import {
  type ModelDirectory,
  describeInterpolation,
  processorOf,
  requireEmbeddings,
  tokenizerOf,
} from "./read-processing.js";
import { headParameters, loadHead, readTask } from "./task.js";

export interface LoadModelOptions extends OpenCheckpointOptions, CallOptions {
  /** Called with one line for each default used in place of a missing file, and for ignored tensors. */
  readonly onWarning?: (message: string) => void;
}

/**
 * Loads a model with its tokenizer and image processor.
 *
 * @param path a directory in Hugging Face format, or a weight file. If there is a config.json next to the file, it and
 *   the other files of the directory are used
 * @throws CheckpointError if there is no FLAVA model, WeightsMismatch if weights and sizes do not fit
 */
export async function loadModel(
  path: string,
  backend: Backend,
  { onWarning, heads, ...options }: LoadModelOptions = {},
): Promise<Model> {
  const checkpoint = await openCheckpoint(path, { heads });
  try {
    const warn = (message: string): void => onWarning?.(`${path}: ${message}`);
    return await modelFrom(checkpoint, backend, warn, options);
  } finally {
    await checkpoint.close();
  }
}

async function modelFrom(
  checkpoint: Checkpoint,
  backend: Backend,
  warn: (message: string) => void,
  { signal, onProgress }: CallOptions,
): Promise<Model> {
  const { path, sizes, directory, source } = checkpoint;
  if (sizes?.kind !== "flava")
    throw new CheckpointError(`${path} holds no FLAVA model, but a ${checkpoint.family}.`);
  const { config } = sizes;
  const tokenizer = await readTokenizer(directory, config, warn);
  const processor = await readProcessor(directory, config, warn);
  const task = directory === undefined ? undefined : await readTask(directory);
  const decoder = directory === undefined ? undefined : await openDecoder(directory);
  try {
    const parameters = {
      ...parametersOf(checkpoint, config, decoder !== undefined),
      ...(task && { head: headParameters(config, task) }),
    };
    const state = new State(backend, { parameters });
    await loadWeights(checkpoint, state, {
      parts: ["flava", "heads", "codebook"],
      ...(signal && { signal }),
      ...(onProgress && { onProgress }),
    });
    for (const line of describeLosses(checkpoint)) warn(line);
    if (decoder) await loadWeights(decoder, state, { parts: ["decoder"] });
    if (task) await loadHead(directory!, state);
    const dtype = dtypeOf(checkpoint);
    return { path, config, state, tokenizer, processor, dtype, task, source };
  } finally {
    await decoder?.close();
  }
}

function dtypeOf({ weights }: Checkpoint): WeightDtype {
  const [dtype, ...others] = new Set([...weights.values()].map(({ stored }) => stored.dtype));
  const single = weightDtypes.find((known) => known === dtype);
  return others.length === 0 && single !== undefined ? single : "float32";
}

async function openDecoder(directory: string): Promise<Checkpoint | undefined> {
  const path = ifThere(join(directory, decoderName));
  return path === undefined ? undefined : openCheckpoint(path);
}

/** The directory's tokenizer, by default with FLAVA's vocabulary, BERT's uncased one. */
async function readTokenizer(
  directory: string | undefined,
  config: FlavaConfig,
  warn: (message: string) => void,
): Promise<Tokenizer> {
  const found = directory === undefined ? undefined : await tokenizerIn(directory);
  const tokenizer = found ?? (await openTokenizer());
  requireEmbeddings(tokenizer, config, found === undefined);
  if (!found) warn("No vocab.txt or tokenizer.json; using BERT's uncased vocabulary.");
  return tokenizer;
}

/** The tokenizer described by a model's directory; undefined if it has no vocabulary. */
export const tokenizerIn = (directory: string): Promise<Tokenizer | undefined> =>
  tokenizerOf(directoryAt(directory));

/** The directory's image processor, by default the published one, fitted to the model's sizes. */
async function readProcessor(
  directory: string | undefined,
  config: FlavaConfig,
  warn: (message: string) => void,
): Promise<ImageProcessor> {
  const found =
    directory === undefined ? undefined : await processorOf(directoryAt(directory), warn);
  const interpolation = found && describeInterpolation(found, config);
  if (interpolation !== undefined) warn(interpolation);
  if (found) return found;
  warn(`No image processor; using FLAVA's, with images of ${config.image.size} pixels.`);
  return fittedProcessor(config);
}

const ifThere = (path: string): string | undefined => (existsSync(path) ? path : undefined);

const directoryAt = (path: string): ModelDirectory => ({
  path,
  read: async (name) => {
    const file = ifThere(join(path, name));
    return file === undefined ? undefined : readFile(file);
  },
});
