/** Image files given one by one, with the captions and labels beside them. */
import { readdir } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { folderSource } from "./folder.js";
import { commonFolder, nameOfFiles, stemOf } from "./record-source.js";
import type { Source, SourceOptions } from "./source.js";
import { SourceError, reasonOf } from "./source-error.js";

/** The images at `paths`, as a folder with no others would be read; keys are paths from their common folder. */
export async function imageFilesSource(
  paths: readonly string[],
  options: SourceOptions,
): Promise<Source> {
  const images = paths.map((path) => resolve(path));
  const folder = commonFolder(images);
  const stems = new Set(images.map(stemOf));
  const beside: string[] = [];
  for (const directory of new Set(images.map(dirname))) {
    const files = await readdir(directory).catch((error: unknown) => {
      throw new SourceError(`${directory} cannot be read as a folder: ${reasonOf(error)}`);
    });
    const captions = files.filter((file) => /\.(txt|json|cls)$/i.test(file));
    beside.push(...captions.map((file) => join(directory, file)));
  }
  const files = [...images, ...beside.filter((path) => stems.has(stemOf(path)))];
  const fromFolder = files.map((path) => relative(folder, path).replaceAll(sep, "/"));
  const source = folderSource(folder, fromFolder, options);
  return { ...source, name: nameOfFiles(paths, "images") };
}
