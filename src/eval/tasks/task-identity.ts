import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { identityOfFiles } from "../../data/formats/identity.js";
import { type FoundTask, splitsOf } from "./open-task.js";
import { pathsOf } from "./task-files.js";

/**
 * A digest of the files that a protocol of a task needs: of their paths, sizes and times, and of the entries of folders among
 * them. Undefined if the task has no folder.
 */
export async function identityOfTask(
  { task, folder, layout: name }: FoundTask,
  protocol: string,
): Promise<string | undefined> {
  if (folder === undefined) return undefined;
  const splits = splitsOf(task, protocol);
  const { parts } = task.layouts.find((layout) => layout.name === name)!;
  const used = [...splits.train.flat(), ...(splits.validation ?? []), ...splits.test];
  const paths: string[] = [];
  for (const file of new Set(used.flatMap((part) => parts[part]?.files ?? []))) {
    for (const path of await pathsOf(folder, file)) paths.push(path, ...(await entriesOf(path)));
  }
  return identityOfFiles(paths, [name]);
}

/** The paths in a folder; none if it is a file. */
async function entriesOf(path: string): Promise<string[]> {
  const names = await readdir(path).catch(() => []);
  return names.sort().map((name) => join(path, name));
}
