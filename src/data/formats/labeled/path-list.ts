import { join } from "node:path";
import type { LabeledSource } from "../../labeled-source.js";
import { SourceError } from "../source-error.js";
import { classesByName } from "./class-names.js";
import { type ListedImage, imageList } from "./image-list.js";
import { linesIn, numberedLinesIn } from "./lines-in.js";

interface PathListOptions {
  /** The image files, such as "images", relative to the folder. */
  readonly images: string;
  /** The list, such as "meta/train.txt": one path a line, beginning with the name of its class. */
  readonly list: string;
  /** The names of the classes as paths write them, one a line; default: those of the set. */
  readonly classList?: string;
  /** Added to each path; default: none. */
  readonly extension?: string;
}

/**
 * The images that a file lists as CLASS/NAME, as in Food101 and DTD.
 * @throws SourceError if the list is empty, or a path is not in the folder of a class
 */
export async function pathListSource(
  folder: string,
  { images, list, classList, extension = "" }: PathListOptions,
  classes: readonly string[],
): Promise<LabeledSource> {
  const path = join(folder, list);
  const names = classList === undefined ? classes : await linesIn(join(folder, classList));
  const byName = classesByName(classes, names, join(folder, classList ?? list));
  const listed: ListedImage[] = [];
  for (const { text: file, line } of await numberedLinesIn(path)) {
    const name = file.slice(0, file.lastIndexOf("/"));
    const label = byName.get(name);
    if (label === undefined)
      throw new SourceError(
        `${path}, line ${line}: ${JSON.stringify(file.slice(0, 100))} is not in the folder of a class.`,
      );
    listed.push({ file: `${file}${extension}`, label });
  }
  return imageList(path, join(folder, images), listed);
}
