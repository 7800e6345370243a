/** The files of an unpacked package. */
import { readdir } from "node:fs/promises";
import { join, relative, sep } from "node:path";

/**
 * Paths of all files under `directory`, relative to it, with forward slashes, in order. Links are left out: in these
 * packages they repeat a file under a second name.
 */
export async function filesUnder(directory: string): Promise<string[]> {
  const found = await readdir(directory, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .map((path) => path.split(sep).join("/"))
    .sort();
}
