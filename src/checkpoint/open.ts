/** Opens FLAVA's weights: a directory in Hugging Face format, or a single file. */
import { existsSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Checkpoint, type Recognized, recognize } from "./checkpoint.js";
import { type Sizes, readConfig } from "./huggingface-config.js";
import type { JsonObject } from "./files/json.js";
import { readObject } from "./files/read-object.js";
import { openPyTorch } from "./files/pytorch/state-dict.js";
import { openSafetensors } from "./files/safetensors.js";
import { indexName, openSharded, wholeName } from "./files/shards.js";
import { previousOf } from "./interrupted-save.js";
import { sizesFromShapes } from "./sizes-from-shapes.js";
import { CheckpointError, type TensorFiles } from "./files/stored-tensor.js";

const configName = "config.json";

/** Weight files in a directory, in order of preference. */
const weightFiles = [
  wholeName,
  indexName,
  "pytorch_model.bin",
  "pytorch_model.bin.index.json",
] as const;

/** What a file of weights does not say. */
export interface OpenCheckpointOptions {
  /** Attention heads of each encoder, for a weight file without config.json: they cannot be inferred from shapes. */
  readonly heads?: number | undefined;
}

/**
 * Opens a checkpoint and reads names, shapes and sizes, but no weights yet. The sizes of a file come from the
 * config.json next to it; without one they are inferred from the shapes, and `heads` is required.
 * @throws CheckpointError if there is no checkpoint, or its sizes cannot be determined
 */
export async function openCheckpoint(
  path: string,
  { heads }: OpenCheckpointOptions = {},
): Promise<Checkpoint> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw notFound(path);
  const isDirectory = found.isDirectory();
  const directory = isDirectory ? path : dirname(path);
  const beside = await configIn(directory);
  if (isDirectory && !beside)
    throw new CheckpointError(
      `${path} has no ${configName}. Give a directory with ${configName} and weights, or a weights file.${await modelsBelow(path)}`,
    );
  // Read before looking for weights: a config.json of another model is the better reason to refuse a directory.
  const known = isDirectory && beside ? readConfig(join(path, configName), beside) : undefined;
  const files = await openFiles(isDirectory ? weightsIn(path) : path);
  try {
    const recognized = recognize(path, files.tensors);
    const source = known || describes(beside, recognized) ? beside : undefined;
    const sizes = known ?? sizesOfFile(path, recognized, source, heads);
    requireHeads(path, sizes, heads);
    const close = (): Promise<void> => files.close();
    const place = source && { directory, source };
    return { path, ...place, format: files.format, sizes, ...recognized, close };
  } catch (error) {
    await files.close();
    throw error;
  }
}

/** A sentence on the models in the directory of a run, which is easily taken for one of them. */
async function modelsBelow(path: string): Promise<string> {
  const firstOf = (names: readonly string[]): string[] =>
    names.filter((name) => existsSync(join(path, name, configName))).slice(0, 1);
  const own = firstOf(["model", "best", "final"]);
  const stages = own.length > 0 ? [] : (await readdir(path)).sort();
  const found = [
    ...own,
    ...stages.flatMap((stage) => firstOf([`${stage}/best`, `${stage}/final`])),
  ];
  const names = found.map((name) => join(path, name));
  return names.length === 0 ? "" : ` In it there is ${names.join(", ")}.`;
}

function notFound(path: string): CheckpointError {
  const previous = previousOf(path);
  return new CheckpointError(
    existsSync(previous)
      ? `There is nothing at ${path}, because a save was interrupted. The earlier model is in ${previous}: rename it, ` +
          "or save again."
      : `There is nothing at ${path}. Give a directory with config.json and weights, or a weights file.`,
  );
}

async function configIn(directory: string): Promise<JsonObject | undefined> {
  const path = join(directory, configName);
  return existsSync(path) ? readObject(path) : undefined;
}

function weightsIn(directory: string): string {
  const name = weightFiles.find((name) => existsSync(join(directory, name)));
  if (name !== undefined) return join(directory, name);
  throw new CheckpointError(`${directory} has no weights: none of ${weightFiles.join(", ")}.`);
}

function openFiles(path: string): Promise<TensorFiles> {
  const open = /\.safetensors(\.index\.json)?$/.test(path) ? openSafetensors : openPyTorch;
  return path.endsWith(".index.json") ? openSharded(path, open) : open(path);
}

/** Whether a config.json belongs to the encoders in a file next to it. */
function describes(config: JsonObject | undefined, { weights }: Recognized): boolean {
  return config?.model_type === "flava" && hasEncoders(weights);
}

const hasEncoders = (weights: Recognized["weights"]): boolean =>
  [...weights.keys()].some((path) => path.startsWith("flava/"));

/** The sizes of a single file, such as TorchMultimodal's or DALL-E's; `config` is its config.json, if any. */
function sizesOfFile(
  path: string,
  { family, weights }: Recognized,
  config: JsonObject | undefined,
  heads: number | undefined,
): Sizes | undefined {
  if (family === "DALL-E decoder") return undefined;
  // TorchMultimodal's differences are recognized by its tensor names, and may be in a config.json written here.
  const isTorchMultimodal = family.startsWith("TorchMultimodal") && !config?.flava;
  const shapeOf = (ours: string): readonly number[] | undefined => weights.get(ours)?.stored.shape;
  const sizes = config
    ? readConfig(join(dirname(path), configName), config)
    : sizesFromShapes(path, weights.keys(), shapeOf, heads);
  if (sizes.kind === "codebook" || !isTorchMultimodal) return sizes;
  return { ...sizes, config: { ...sizes.config, headEpsilon: 1e-5, maskPadding: false } };
}

/** The given heads must not contradict a config.json. */
function requireHeads(path: string, sizes: Sizes | undefined, heads: number | undefined): void {
  if (heads === undefined || sizes?.kind !== "flava") return;
  const { image, text, multimodal } = sizes.config;
  const other = [image, text, multimodal].find((stack) => stack.heads !== heads);
  if (!other) return;
  throw new CheckpointError(
    `${path} has ${other.heads} attention heads according to its ${configName}, not ${heads}.`,
  );
}
