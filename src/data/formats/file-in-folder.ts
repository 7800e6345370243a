/** Images that lie in files of a folder, and nowhere else. */
import { open, realpath } from "node:fs/promises";
import { resolve, sep } from "node:path";
import { SampleError, reasonOf } from "./source-error.js";

/**
 * The bytes of the file at `path`, which is relative to `folder`.
 * @throws SampleError where it lies outside (also by way of a symbolic link), is missing, empty, or longer than `limit`
 */
export async function readInFolder(
  folder: string,
  path: string,
  key: string,
  limit: number,
): Promise<Buffer> {
  const shown = JSON.stringify(path.slice(0, 200));
  try {
    const outside = `${shown} leads out of ${folder}; that is not read.`;
    const place = resolve(folder, path);
    if (!isBelow(resolve(folder), place)) throw new SampleError(key, "unwanted", outside);
    const [root, target] = await Promise.all([realpath(folder), realpath(place)]);
    if (!isBelow(root, target)) throw new SampleError(key, "unwanted", outside); // by a link
    const handle = await open(target, "r");
    try {
      const found = await handle.stat();
      if (!found.isFile())
        throw new SampleError(key, "unreadable", `${shown} in ${folder} is not a file.`);
      if (found.size === 0) throw new SampleError(key, "empty", `${shown} in ${folder} is empty.`);
      if (found.size > limit)
        throw new SampleError(
          key,
          "too large",
          `${shown} in ${folder} has ${found.size} bytes, more than the limit of ${limit}.`,
        );
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof SampleError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    const missing = code === "ENOENT" || code === "ENOTDIR";
    throw new SampleError(
      key,
      missing ? "missing" : "unreadable",
      missing ? `${shown} is not in ${folder}.` : `${shown} in ${folder}: ${reasonOf(error)}`,
    );
  }
}

const isBelow = (root: string, path: string): boolean =>
  path.startsWith(root.endsWith(sep) ? root : root + sep);
