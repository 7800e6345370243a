import { readdir } from "node:fs/promises";
import { join, relative, sep } from "node:path";

/** Levels of directories that are searched. */
const depth = 4;
/** Directories of runs and suites that hold many files, and no runs or reports. */
const skipped = new Set(["checkpoints", "best", "final", "node_modules"]);

/**
 * The directories at or below `root` that hold a file named `name`, as paths from `root`; "." is the root itself.
 * Hidden directories and links are not followed.
 */
export async function directoriesWith(name: string, root: string): Promise<string[]> {
  const found: string[] = [];
  const visit = async (directory: string, level: number): Promise<void> => {
    const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
    if (entries.some((entry) => entry.isFile() && entry.name === name)) {
      found.push(relative(root, directory).split(sep).join("/") || ".");
    }
    if (level === depth) return;
    const below = entries.filter(
      (entry) => entry.isDirectory() && !skipped.has(entry.name) && !entry.name.startsWith("."),
    );
    await Promise.all(below.map((entry) => visit(join(directory, entry.name), level + 1)));
  };
  await visit(root, 0);
  return found.sort();
}
