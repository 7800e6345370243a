/** Images in one folder per class, as torchvision's ImageFolder reads them. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { isDirectory } from "../../../base/exists.js";
import { isImageName } from "../../image/image-type.js";
import type { LabeledSource } from "../../labeled-source.js";
import { SourceError, reasonOf } from "../source-error.js";
import { classesByName } from "./class-names.js";
import { type ListedImage, imageList } from "./image-list.js";

/** Selects files of a class, which are sorted by name; default: all. */
type Select = (files: readonly string[], className: string) => readonly string[];

/**
 * The images of a folder's subfolders, in the order of their names.
 * @param classes the classes of the set; see `classesByName`
 * @throws SourceError if the subfolders are not those of all classes
 */
export async function classFoldersSource(
  folder: string,
  classes: readonly string[],
  select: Select = (files) => files,
): Promise<LabeledSource> {
  const names = await subfolders(folder);
  const byFolder = classesByName(classes, names, folder);
  const images: ListedImage[] = [];
  for (const [name, label] of byFolder) {
    const files = (await readdir(join(folder, name))).filter(isVisibleImage).sort();
    for (const file of select(files, label)) images.push({ file: `${name}/${file}`, label });
  }
  return imageList(folder, folder, images);
}

const isVisibleImage = (name: string): boolean => !name.startsWith(".") && isImageName(name);

/**
 * Names of the subfolders of `folder`, sorted; hidden ones are omitted.
 * @throws SourceError if it cannot be read
 */
export async function subfolders(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw new SourceError(`${folder} cannot be read as a folder: ${reasonOf(error)}`);
  });
  const found: string[] = [];
  for (const name of names.sort())
    if (!name.startsWith(".") && (await isDirectory(join(folder, name)))) found.push(name);
  return found;
}
