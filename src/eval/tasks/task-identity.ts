import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { identityOfFiles } from "../../data/formats/identity.js";
import type { FoundTask } from "./open-task.js";
import { pathsOf } from "./task-files.js";

/**
 * A digest of the files that a protocol of a task needs: of their paths, sizes and times, and of the entries of folders among
 * them. Undefined if the task has no folder.
 */
export async function identityOfTask({
  folder,
  layout,
  files,
}: FoundTask): Promise<string | undefined> {
  if (folder === undefined) return undefined;
  const paths: string[] = [];
  for (const file of files)
    for (const path of await pathsOf(folder, file)) paths.push(path, ...(await entriesOf(path)));
  return identityOfFiles(paths, [layout]);
}

/** The paths in a folder; none if it is a file. */
async function entriesOf(path: string): Promise<string[]> {
  const names = await readdir(path).catch(() => []);
  return names.sort().map((name) => join(path, name));
}
