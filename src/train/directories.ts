import { readdir } from "node:fs/promises";
import { isAbsolute, join, resolve } from "node:path";

/**
 * The directories that patterns such as "pairs/*\/train" stand for, sorted. A `*` stands for one directory of any name.
 * @throws Error where a pattern stands for none
 */
export async function directoriesOf(root: string, patterns: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    patterns.map(async (pattern) => {
      const directories = await expand(isAbsolute(pattern) ? pattern : resolve(root, pattern));
      if (directories.length > 0) return directories;
      throw new Error(
        `There is no directory ${join(root, pattern)}. Build the data first (flava data build), or name another directory.`,
      );
    }),
  );
  return [...new Set(found.flat())].sort();
}

async function expand(pattern: string): Promise<string[]> {
  let paths = ["/"];
  for (const part of pattern.split("/").filter(Boolean)) {
    const next = await Promise.all(paths.map((path) => step(path, part)));
    paths = next.flat();
  }
  return paths;
}

async function step(path: string, part: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  const directories = entries.filter((entry) => entry.isDirectory() || entry.isSymbolicLink());
  return directories
    .filter(({ name }) => part === "*" || name === part)
    .map(({ name }) => join(path, name));
}
