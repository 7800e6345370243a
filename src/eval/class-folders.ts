/** Classes from folders: images in one folder per class, as in torchvision's ImageFolder. */
import { readdir } from "node:fs/promises";
import { subfolders } from "../data/formats/labeled/class-folders.js";
import { isImageName } from "../data/image/image-type.js";

export interface ClassFolder {
  /** The name of the folder, such as "fire_truck": the label of its images. */
  readonly label: string;
  /** As used in prompts: "fire truck". */
  readonly name: string;
}

/** The subfolders of `folder`, sorted by name; hidden ones are ignored. */
export async function classFolders(folder: string): Promise<ClassFolder[]> {
  const labels = await subfolders(folder);
  return labels.map((label) => ({ label, name: label.replace(/[_-]+/g, " ").trim() || label }));
}

/** Whether a folder holds images of its class itself: one such as "__MACOSX" would be a class that nothing belongs to. */
export async function hasImages(folder: string): Promise<boolean> {
  return (await readdir(folder)).some((file) => !file.startsWith(".") && isImageName(file));
}
