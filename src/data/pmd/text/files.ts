import { readdir } from "node:fs/promises";
import { join } from "node:path";

/** Paths of all files below `folder`, relative to it, in a fixed order; those alone that `wanted` takes. */
export async function filesBelow(
  folder: string,
  wanted: (path: string) => boolean,
): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter(wanted)
    .sort();
}
