/** Paths of a task's files, in the notation of `Part.files`. */
import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { exists } from "../../base/exists.js";

/** Whether one of the alternatives in `files` is in `folder`. */
export async function isThere(folder: string, files: string): Promise<boolean> {
  return (await pathsOf(folder, files)).length > 0;
}

/** The paths of the first alternative in `files` that is in `folder`, sorted; several if it has a "*". */
export async function pathsOf(folder: string, files: string): Promise<string[]> {
  for (const file of files.split(" or ")) {
    const path = join(folder, file);
    const found = file.includes("*") ? await matches(path) : (await exists(path)) ? [path] : [];
    if (found.length > 0) return found;
  }
  return [];
}

async function matches(path: string): Promise<string[]> {
  const folder = dirname(path);
  const pattern = new RegExp(`^${basename(path).split("*").map(escaped).join(".*")}$`);
  const names = await readdir(folder).catch(() => []);
  return names
    .filter((name) => !name.startsWith(".") && pattern.test(name))
    .sort()
    .map((name) => join(folder, name));
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
