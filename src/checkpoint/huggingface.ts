/** Writes the weights of a state to a directory that Hugging Face's transformers can load. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CallOptions } from "../base/call-options.js";
import type { State } from "../backend/state.js";
import { toBfloat16 } from "../backend/values.js";
import type { FlavaConfig } from "../model/config.js";
import { toFloat16 } from "../base/float16.js";
import { type Sizes, type WeightDtype, withSettingsOf, writeConfig } from "./huggingface-config.js";
import type { JsonObject } from "./files/json.js";
import { storedShape, toStored } from "./layout.js";
import { type Family, toFamily } from "./names.js";
import { type TensorToWrite, writeSafetensors } from "./files/safetensors.js";
import { writeShards } from "./files/shards.js";
import { isOfHead } from "./task.js";
import { root, weightPaths } from "./weight-paths.js";

export interface WriteOptions extends CallOptions {
  /** Dtype of the weights in the files; default float32. */
  readonly dtype?: WeightDtype;
  /** Maximum bytes of tensors per file; default: five gigabytes. */
  readonly shardBytes?: number;
  /** The model's original config.json: settings that our sizes do not cover are kept. */
  readonly source?: JsonObject | undefined;
}

/** The dVAE decoder's own file, with DALL-E's names; transformers has no decoder and ignores it. */
export const decoderName = "codebook_decoder.safetensors";

/**
 * Writes the "parameters" of `state` and their config.json to `directory`: a `FlavaForPreTraining` if the state has
 * heads, otherwise a `FlavaModel`, or a `FlavaImageCodebook` if it has only the codebook. The codebook's decoder goes
 * into a separate file; the head of a task is left out (see `writeTask`).
 */
export async function writeHuggingFace(
  directory: string,
  state: State,
  config: FlavaConfig,
  { dtype = "float32", shardBytes = 5e9, source, signal, onProgress }: WriteOptions = {},
): Promise<void> {
  const paths = weightPaths(state);
  const decoderPaths = paths.filter((path) => path.startsWith("decoder/"));
  const modelPaths = paths.filter((path) => !path.startsWith("decoder/") && !isOfHead(path));
  const family = familyOf(state);
  if (family === "FlavaForPreTraining") requireOneWidth(config);
  await mkdir(directory, { recursive: true });
  let written = 0;
  const tensorsOf = (names: readonly string[], of: Family): TensorToWrite[] =>
    names.map((path) => {
      const tensor = tensorToWrite(state, config, path, of, dtype);
      const bytes = (): ReturnType<TensorToWrite["bytes"]> => {
        signal?.throwIfAborted();
        onProgress?.(++written, paths.length);
        return tensor.bytes();
      };
      return { ...tensor, bytes };
    });
  await writeShards(directory, tensorsOf(modelPaths, family), shardBytes);
  if (decoderPaths.length > 0) {
    const decoder = tensorsOf(decoderPaths, "DALL-E decoder");
    await writeSafetensors(join(directory, decoderName), decoder);
  }
  await writeConfigFile(directory, state, config, { dtype, source });
}

type ConfigFileOptions = Pick<WriteOptions, "dtype" | "source">;

/** Writes the config.json of the model in `state` to `directory`. */
export async function writeConfigFile(
  directory: string,
  state: State,
  config: FlavaConfig,
  { dtype = "float32", source }: ConfigFileOptions = {},
): Promise<void> {
  const family = familyOf(state);
  if (family === "FlavaForPreTraining") requireOneWidth(config);
  const hasCodebook = weightPaths(state).some((path) => path.startsWith("codebook/"));
  const sizes: Sizes =
    family === "FlavaImageCodebook"
      ? { kind: "codebook", config: config.codebook }
      : { kind: "flava", config, codebook: hasCodebook };
  const values = withSettingsOf(source, writeConfig(sizes, family, dtype));
  await writeFile(join(directory, "config.json"), `${JSON.stringify(values, undefined, 2)}\n`);
}

/** What Hugging Face calls a model of the parts in `state`. */
function familyOf(state: State): "FlavaForPreTraining" | "FlavaModel" | "FlavaImageCodebook" {
  const roots = new Set(weightPaths(state).map((path) => path.split("/")[0]));
  if (roots.has("heads")) return "FlavaForPreTraining";
  return roots.has("flava") ? "FlavaModel" : "FlavaImageCodebook";
}

/** Hugging Face's heads on the multimodal encoder have the width of the unimodal encoders. */
function requireOneWidth({ image, text, multimodal }: FlavaConfig): void {
  if (image.width === multimodal.width && text.width === multimodal.width) return;
  throw new RangeError(
    `Hugging Face's FlavaForPreTraining needs encoders of one width, but these have ${image.width} (image), ` +
      `${text.width} (text) and ${multimodal.width} (multimodal). Write the model without its heads.`,
  );
}

function tensorToWrite(
  state: State,
  config: FlavaConfig,
  path: string,
  family: Family,
  dtype: WeightDtype,
): TensorToWrite {
  const found = toFamily(family, path);
  if (!found) throw new Error(`A ${family} has no place for ${path}.`);
  const { name, layout } = found;
  const { shape } = state.spec(root + path);
  const bytes = async (): Promise<Uint8Array> =>
    encode(dtype, toStored(layout, shape, await floats(state, root + path)));
  return { name, dtype, shape: storedShape(layout, shape, config.image), bytes };
}

async function floats(state: State, path: string): Promise<Float32Array> {
  const values = await state.read(path);
  if (values instanceof Float32Array) return values;
  throw new TypeError(
    `${path} is ${String(state.spec(path))}, which cannot be written as a weight.`,
  );
}

function encode(dtype: WeightDtype, values: Float32Array): Uint8Array {
  const encoded =
    dtype === "float16" ? toFloat16(values) : dtype === "bfloat16" ? toBfloat16(values) : values;
  return new Uint8Array(encoded.buffer, encoded.byteOffset, encoded.byteLength);
}
