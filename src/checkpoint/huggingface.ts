/** Writes the weights of a state to a directory that Hugging Face's transformers can load. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CallOptions } from "../base/call-options.js";
import type { State } from "../backend/state.js";
import type { FlavaConfig } from "../model/config.js";
import { jsonText } from "./files/json.js";
import { writeSafetensors } from "./files/safetensors.js";
import { writeShards } from "./files/shards.js";
import type { TensorToWrite } from "./files/tensor-to-write.js";
import { type ConfigOptions, configOf, decoderName, tensorsOf } from "./huggingface-model.js";

/** How weights are written. Progress is in tensors. */
export interface WriteHuggingFaceOptions extends ConfigOptions, CallOptions {
  /** Maximum bytes of tensors per file; default: five gigabytes. */
  readonly shardBytes?: number;
}

/**
 * Writes the "parameters" of `state` and their config.json to `directory`: a `FlavaForPreTraining` if the state has heads,
 * otherwise a `FlavaModel`, or a `FlavaImageCodebook` if it has only the codebook. The codebook's decoder goes into a
 * separate file; the head of a task is left out, as transformers has none.
 */
export async function writeHuggingFace(
  directory: string,
  state: State,
  config: FlavaConfig,
  { dtype = "float32", shardBytes = 5e9, source, signal, onProgress }: WriteHuggingFaceOptions = {},
): Promise<void> {
  const { model, decoder } = tensorsOf(state, config, dtype);
  await mkdir(directory, { recursive: true });
  let written = 0;
  const followed = (tensors: readonly TensorToWrite[]): TensorToWrite[] =>
    tensors.map((tensor) => ({
      ...tensor,
      bytes: () => {
        signal?.throwIfAborted();
        onProgress?.(++written, model.length + decoder.length);
        return tensor.bytes();
      },
    }));
  await writeShards(directory, followed(model), shardBytes);
  if (decoder.length > 0) {
    await writeSafetensors(join(directory, decoderName), followed(decoder));
  }
  await writeConfigFile(directory, state, config, { dtype, source });
}

/** Writes the config.json of the model in `state` to `directory`. */
export async function writeConfigFile(
  directory: string,
  state: State,
  config: FlavaConfig,
  options: ConfigOptions = {},
): Promise<void> {
  const values = configOf(state, config, options);
  await writeFile(join(directory, "config.json"), jsonText(values));
}
