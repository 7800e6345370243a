/** Opens whatever holds FLAVA's weights: a directory in Hugging Face's form, or one file. */
import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { type Checkpoint, checkpointOf } from "./checkpoint.js";
import { readConfig } from "./huggingface-config.js";
import { readObject } from "./json.js";
import { openPyTorch } from "./pytorch.js";
import { openSafetensors } from "./safetensors.js";
import { indexName, openSharded, wholeName } from "./shards.js";
import { sizesFromShapes } from "./sizes-from-shapes.js";
import { CheckpointError, type TensorFiles } from "./stored-tensor.js";

/** The weights in a directory, the one that is preferred first. */
const weightFiles: readonly (readonly [
  name: string,
  open: (path: string) => Promise<TensorFiles>,
])[] = [
  [wholeName, openSafetensors],
  [indexName, (path) => openSharded(path, openSafetensors)],
  ["pytorch_model.bin", openPyTorch],
  ["pytorch_model.bin.index.json", (path) => openSharded(path, openPyTorch)],
];

/** Opens a checkpoint to read its weights; nothing but names, shapes and sizes is read yet. */
export async function openCheckpoint(path: string): Promise<Checkpoint> {
  const found = await stat(path).catch(() => undefined);
  if (!found) {
    throw new CheckpointError(
      `There is nothing at ${path}. Give a directory with config.json and weights, or a file of weights.`,
    );
  }
  return found.isDirectory() ? openDirectory(path) : openSingleFile(path);
}

async function openDirectory(directory: string): Promise<Checkpoint> {
  const configPath = join(directory, "config.json");
  if (!existsSync(configPath)) throw new CheckpointError(`${directory} has no config.json.`);
  const sizes = readConfig(configPath, await readObject(configPath));
  const [name, open] = weightFiles.find(([name]) => existsSync(join(directory, name))) ?? [];
  if (name === undefined || !open) {
    const names = weightFiles.map(([name]) => name).join(", ");
    throw new CheckpointError(`${directory} has no weights: none of ${names}.`);
  }
  return checkpointOf(directory, await open(join(directory, name)), () => sizes);
}

/** A file without a configuration, such as TorchMultimodal's and DALL-E's. */
async function openSingleFile(path: string): Promise<Checkpoint> {
  const files = await (path.endsWith(".safetensors") ? openSafetensors(path) : openPyTorch(path));
  return checkpointOf(path, files, (family, weights) => {
    if (family === "DALL-E decoder") return undefined;
    const shapeOf = (ours: string): readonly number[] | undefined =>
      weights.get(ours)?.stored.shape;
    const sizes = sizesFromShapes(path, weights.keys(), shapeOf);
    if (sizes.kind === "codebook" || family.startsWith("TorchMultimodal")) return sizes;
    const { epsilon } = sizes.config;
    return { ...sizes, config: { ...sizes.config, headEpsilon: epsilon, maskPadding: true } };
  });
}
