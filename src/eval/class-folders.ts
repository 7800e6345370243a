/** Classes by folders: a data set of images in one folder for each class, as of torchvision's ImageFolder. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { isDirectory } from "../base/exists.js";

export interface ClassFolder {
  /** The name of the folder, such as "fire_truck": the label of its images. */
  readonly label: string;
  /** As prompts say it: "fire truck". */
  readonly name: string;
}

/** The sub-folders of `folder` by their names; hidden ones are no classes. */
export async function classFolders(folder: string): Promise<ClassFolder[]> {
  const classes: ClassFolder[] = [];
  for (const label of (await readdir(folder)).sort()) {
    const isClass = !label.startsWith(".") && (await isDirectory(join(folder, label)));
    if (isClass) classes.push({ label, name: label.replace(/[_-]+/g, " ").trim() || label });
  }
  return classes;
}
