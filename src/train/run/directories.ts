import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { isDirectory } from "../../base/exists.js";

/**
 * The directories that match patterns such as "pairs/*\/train", sorted. A `*` matches one directory of any name.
 * @throws Error if a pattern matches none
 */
export async function directoriesOf(root: string, patterns: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    patterns.map(async (pattern) => {
      const path = resolve(root, pattern);
      const directories = await expand(path);
      if (directories.length > 0) return directories;
      throw new Error(
        `There is no directory ${path}. Build the data first (flava data build), or name another directory.`,
      );
    }),
  );
  return [...new Set(found.flat())].sort();
}

/** Directories above the first `*` are only traversed: they need not be readable. */
async function expand(pattern: string): Promise<string[]> {
  let paths = ["/"];
  for (const part of pattern.split("/").filter(Boolean)) {
    const next = await Promise.all(paths.map((path) => step(path, part)));
    paths = next.flat();
  }
  const found = await Promise.all(paths.map(isDirectory));
  return paths.filter((_, index) => found[index]);
}

async function step(path: string, part: string): Promise<string[]> {
  if (part !== "*") return [join(path, part)];
  const names = await readdir(path).catch(() => []);
  return names.map((name) => join(path, name));
}
