/** Reads files referenced by other files, restricted to one folder: that of the referencing file, or a given one. */
import { open, stat } from "node:fs/promises";
import { isAbsolute, join, resolve, sep } from "node:path";
import { SampleError, reasonOf } from "./source-error.js";

/**
 * Resolves `path`, absolute or relative to `folder`: as written, with "\" as "/", or in another Unicode normal form (as macOS stores
 * names). Symbolic links may lead anywhere: the folder's author created them.
 * @returns undefined if there is no such file
 * @throws SampleError if the path itself leads out of the folder
 */
async function findInFolder(
  folder: string,
  path: string,
  key: string,
): Promise<string | undefined> {
  const names = [path, path.replaceAll("\\", "/")];
  for (const name of new Set(
    names.flatMap((each) => [each, each.normalize("NFC"), each.normalize("NFD")]),
  )) {
    const place = resolve(folder, name);
    const root = resolve(folder);
    if (!place.startsWith(root.endsWith(sep) ? root : root + sep))
      throw new SampleError(
        key,
        "unwanted",
        `${shown(path)} is outside of ${folder}, and only files in it are read. Name the folder of the images with ` +
          `--image-root (in code: imageRoot).`,
      );
    if (await stat(place).catch(() => undefined)) return place;
  }
  return undefined;
}

/**
 * The bytes of the file at `path`, absolute or relative to `folder`.
 * @throws SampleError if the path leads out of the folder, or the file is missing, empty or longer than `maxBytes`
 */
export async function readInFolder(
  folder: string,
  path: string,
  key: string,
  maxBytes: number,
): Promise<Buffer> {
  const where = `${shown(path)} in ${folder}`;
  const place = await findInFolder(folder, path, key);
  if (place === undefined)
    throw new SampleError(key, "missing", `${shown(path)} is not in ${folder}.`);
  try {
    const handle = await open(place, "r");
    try {
      const found = await handle.stat();
      if (!found.isFile()) throw new SampleError(key, "unreadable", `${where} is not a file.`);
      if (found.size === 0) throw new SampleError(key, "empty", `${where} is empty.`);
      if (found.size > maxBytes)
        throw new SampleError(
          key,
          "too large",
          `${where} has ${found.size} bytes, more than the limit of ${maxBytes}.`,
        );
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof SampleError) throw error;
    throw new SampleError(key, "unreadable", `${where}: ${reasonOf(error)}`);
  }
}

/** The location of a file that `readInFolder` reads, for display and search results. */
export const pathIn = (folder: string, path: string): string =>
  isAbsolute(path) ? path : join(folder, path);

const shown = (path: string): string => JSON.stringify(path.slice(0, 200));
