/** Finds files referenced by other files, restricted to one folder: that of the referencing file, or a given one. */
import type { Stats } from "node:fs";
import { stat } from "node:fs/promises";
import { isAbsolute, join, resolve, sep } from "node:path";
import { isRemote } from "../remote/address.js";
import type { ImagePlace } from "../image-place.js";
import { readPlace } from "./read-place.js";
import { SampleError } from "./source-error.js";

interface FoundFile {
  readonly file: string;
  readonly stats: Stats;
}

/**
 * Resolves `path`, absolute or relative to `folder`: as written, with "\" as "/", or in another Unicode normal form (as
 * macOS stores names). Symbolic links may lead anywhere: the folder's author created them.
 * @returns undefined if there is no such file
 * @throws SampleError if the path itself leads out of the folder
 */
export async function findInFolder(
  folder: string,
  path: string,
  key: string,
): Promise<FoundFile | undefined> {
  const root = resolve(folder);
  const names = [path, path.replaceAll("\\", "/")];
  for (const name of new Set(
    names.flatMap((each) => [each, each.normalize("NFC"), each.normalize("NFD")]),
  )) {
    const file = resolve(folder, name);
    if (!file.startsWith(root.endsWith(sep) ? root : root + sep))
      throw new SampleError(
        key,
        "unwanted",
        `${shown(path)} is outside of ${root}, and only files in it are read. Name the folder of the images with ` +
          `--image-root (in code: imageRoot).`,
      );
    const stats = await stat(file).catch(() => undefined);
    if (stats) return { file, stats };
  }
  return undefined;
}

/**
 * Where the file at `path`, absolute or relative to `folder`, is.
 * @throws SampleError if the path leads out of the folder, or the file is missing, empty or longer than `maxBytes`
 */
export async function placeInFolder(
  folder: string,
  path: string,
  key: string,
  maxBytes: number,
): Promise<ImagePlace> {
  if (isRemote(folder))
    throw new SampleError(
      key,
      "unwanted",
      `${shown(path)} is an image in a file of its own, and of data at URLs only those in tar shards or Parquet files are ` +
        "read. Name a folder that has the images with --image-root (in code: imageRoot).",
    );
  const where = `${shown(path)} in ${resolve(folder)}`;
  const found = await findInFolder(folder, path, key);
  if (!found) throw new SampleError(key, "missing", `${shown(path)} is not in ${resolve(folder)}.`);
  const { file, stats } = found;
  if (!stats.isFile()) throw new SampleError(key, "unreadable", `${where} is not a file.`);
  if (stats.size === 0) throw new SampleError(key, "empty", `${where} is empty.`);
  if (stats.size > maxBytes)
    throw new SampleError(
      key,
      "too large",
      `${where} has ${stats.size} bytes, more than the limit of ${maxBytes}.`,
    );
  return { file };
}

/** The bytes of the file at `path`, relative to `folder`; throws like `placeInFolder`. */
export async function readInFolder(
  folder: string,
  path: string,
  key: string,
  maxBytes: number,
): Promise<Buffer> {
  return readPlace(await placeInFolder(folder, path, key, maxBytes), { key });
}

/** The location of a file that `readInFolder` reads, for display and search results. */
export const pathIn = (folder: string, path: string): string =>
  isAbsolute(path) ? path : join(folder, path);

const shown = (path: string): string => JSON.stringify(path.slice(0, 200));
