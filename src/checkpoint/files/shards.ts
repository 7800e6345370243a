/** Tensors spread over several files, with an index that maps tensors to files. */
import { counted } from "../../base/counted.js";
import { quote } from "../../base/quote.js";
import { rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { sizeOf } from "../../graph/tensor.js";
import { isObject } from "./json.js";
import { readObject } from "./read-object.js";
import { writeSafetensors } from "./safetensors.js";
import {
  CheckpointError,
  type StoredTensor,
  type TensorFiles,
  storedBytes,
} from "./stored-tensor.js";
import type { TensorToWrite } from "./tensor-to-write.js";

/** Opens the files that the index at `path` names, all in its directory, each with `openShard`. */
export async function openSharded(
  path: string,
  openShard: (path: string) => Promise<TensorFiles>,
): Promise<TensorFiles> {
  const shardOf = await readIndex(path);
  const shards = new Map<string, TensorFiles>();
  const close = async (): Promise<void> => {
    await Promise.all([...shards.values()].map((shard) => shard.close()));
  };
  try {
    for (const name of new Set(shardOf.values()))
      shards.set(name, await openShard(join(dirname(path), name)));
    const format = `${[...shards.values()][0]?.format ?? "no tensors"} in ${counted(shards.size, "file")}`;
    return { format, tensors: gather(path, shardOf, shards), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The file of each tensor, by name. */
async function readIndex(path: string): Promise<Map<string, string>> {
  const { weight_map: weightMap } = await readObject(path);
  if (!isObject(weightMap)) throw new CheckpointError(`${path} has no "weight_map".`);
  return new Map(
    Object.entries(weightMap).map(([tensor, name]) => [tensor, shardName(path, name)]),
  );
}

/** Shards are next to their index: anything but a plain file name could lead elsewhere. */
function shardName(path: string, name: unknown): string {
  if (typeof name === "string" && /^[\w-][\w.-]*$/.test(name)) return name;
  throw new CheckpointError(
    `${path} names the file ${quote(name)}; files are named without a directory.`,
  );
}

/** Every tensor named by the index or a file, once, from the file that the index names. */
function gather(
  path: string,
  shardOf: ReadonlyMap<string, string>,
  shards: ReadonlyMap<string, TensorFiles>,
): Map<string, StoredTensor> {
  const tensors = new Map<string, StoredTensor>();
  for (const [tensor, name] of shardOf) {
    const stored = shards.get(name)?.tensors.get(tensor);
    if (!stored)
      throw new CheckpointError(`${path} says that ${quote(tensor)} is in ${name}, but it is not.`);
    tensors.set(tensor, stored);
  }
  for (const [name, shard] of shards) {
    for (const tensor of shard.tensors.keys()) {
      if (shardOf.get(tensor) === name) continue;
      throw new CheckpointError(`${name} holds ${quote(tensor)}, but ${path} does not say so.`);
    }
  }
  return tensors;
}

export const wholeName = "model.safetensors";
export const indexName = "model.safetensors.index.json";

const bytesOf = ({ dtype, shape }: TensorToWrite): number => sizeOf(shape) * storedBytes[dtype];

/**
 * Writes `model.safetensors` to a directory, or, if the tensors exceed `shardBytes`, several files and the index
 * `model.safetensors.index.json`.
 */
export async function writeShards(
  directory: string,
  tensors: readonly TensorToWrite[],
  shardBytes: number,
): Promise<void> {
  const shards = divide(tensors, shardBytes);
  const count = shards.length;
  const [whole, indexFile] = [join(directory, wholeName), join(directory, indexName)];
  if (count <= 1) {
    await writeSafetensors(whole, tensors);
    return rm(indexFile, { force: true }); // from an earlier checkpoint in the same directory
  }
  const weightMap: Record<string, string> = {};
  for (const [index, shard] of shards.entries()) {
    const number = (value: number): string => String(value).padStart(5, "0");
    const name = `model-${number(index + 1)}-of-${number(count)}.safetensors`;
    await writeSafetensors(join(directory, name), shard);
    for (const tensor of shard) weightMap[tensor.name] = name;
  }
  const metadata = {
    total_parameters: tensors.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
    total_size: tensors.reduce((sum, tensor) => sum + bytesOf(tensor), 0),
  };
  const json = JSON.stringify({ metadata, weight_map: weightMap }, undefined, 2);
  await writeFile(indexFile, `${json}\n`);
  await rm(whole, { force: true });
}

/** Groups of consecutive tensors of at most `limit` bytes in total; a larger tensor gets its own group. */
function divide(tensors: readonly TensorToWrite[], limit: number): TensorToWrite[][] {
  const shards: TensorToWrite[][] = [];
  let bytes = Infinity;
  for (const tensor of tensors) {
    bytes += bytesOf(tensor);
    if (bytes > limit || shards.length === 0) {
      shards.push([]);
      bytes = bytesOf(tensor);
    }
    shards.at(-1)?.push(tensor);
  }
  return shards;
}
