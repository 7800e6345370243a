/** The labels of `flava classify`: listed, or read from the file or directory after "@". */
import { readFile } from "node:fs/promises";
import { requireLabels } from "../api/classify.js";
import { isDirectory } from "../base/exists.js";
import { classFolders } from "../eval/class-folders.js";

/**
 * Reads "cat,dog"; "@labels.txt", a file with one label per line; or "@photos/", whose subdirectories are the labels.
 * @throws Error if there are no labels, RangeError if two are equal
 */
export async function readLabels(list: string): Promise<string[]> {
  const labels = await (list.startsWith("@") ? labelsAt(list.slice(1)) : list.split(","));
  const found = labels.map((label) => label.trim()).filter((label) => label !== "");
  if (found.length === 0) throw new Error(`--labels ${list} gives no label. ${forms}`);
  requireLabels(found);
  return found;
}

const forms =
  "Expected labels separated by commas, @FILE with one label per line, or @DIRECTORY with one subdirectory per label.";

async function labelsAt(path: string): Promise<string[]> {
  if (await isDirectory(path)) return (await classFolders(path)).map(({ name }) => name);
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw new Error(`Labels cannot be read from ${path}: ${(error as Error).message}. ${forms}`);
  });
  return text.replace(/^\uFEFF/, "").split(/\r?\n/);
}
