/** All files in a folder and its subfolders. */
import { readdir, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { SourceError, reasonOf } from "./source-error.js";

/**
 * Sorted relative paths with "/"; hidden files are omitted. Symbolic links are followed, because the Hugging Face cache
 * consists of them, except links to a parent folder.
 */
export async function filesBelow(folder: string): Promise<string[]> {
  const files: string[] = [];
  const walk = async (below: string, above: readonly string[]): Promise<void> => {
    const here = await realpath(join(folder, below));
    if (above.includes(here)) return;
    const entries = await readdir(here, { withFileTypes: true });
    for (const entry of entries) {
      if (entry.name.startsWith(".")) continue;
      const path = below === "" ? entry.name : `${below}/${entry.name}`;
      const isFolder = entry.isSymbolicLink()
        ? await leadsToFolder(join(here, entry.name))
        : entry.isDirectory();
      if (isFolder) await walk(path, [...above, here]);
      else if (entry.isFile() || entry.isSymbolicLink()) files.push(path);
    }
  };
  try {
    await walk("", []);
  } catch (error) {
    throw new SourceError(`${folder} cannot be read as a folder: ${reasonOf(error)}`);
  }
  return files.sort();
}

async function leadsToFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
