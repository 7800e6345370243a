import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { LabeledSource } from "../../labeled-source.js";
import { matStructures, readMat } from "../raw/mat.js";
import { SourceError } from "../source-error.js";
import { classAt } from "./class-names.js";
import { imageList } from "./image-list.js";
import { numberedLinesIn } from "./lines-in.js";

const wordCount = 1000; // classes; the other entries of WordNet in meta.mat are groups of them

/**
 * ImageNet's validation images in one folder, with labels from the development kit: numbers that meta.mat gives to entries of
 * WordNet, whose sorted names are the order of the classes.
 * @param kit the folder "data" of the kit
 * @throws SourceError if images and labels differ in number, or a file of the kit is damaged
 */
export async function imageNetValidation(
  folder: string,
  kit: string,
  classes: readonly string[],
): Promise<LabeledSource> {
  const truth = join(kit, "ILSVRC2012_validation_ground_truth.txt");
  const numbers = await numberedLinesIn(truth);
  const images = (await readdir(folder)).filter((name) => /_\d+\.jpe?g$/i.test(name)).sort();
  if (images.length !== numbers.length)
    throw new SourceError(
      `${folder} has ${images.length} images, but ${truth} has ${numbers.length} labels. Images in folders of their classes are ` +
        `found without the development kit.`,
    );
  const names = await namesByNumber(join(kit, "meta.mat"));
  const sorted = [...names.values()].sort();
  const listed = images.map((file, index) => {
    const { text: number, line } = numbers[index]!;
    const where = `${truth}, line ${line}`;
    const name = names.get(Number(number));
    if (name === undefined) throw new SourceError(`${where}: ${number} is no class of meta.mat.`);
    return { file, label: classAt(classes, sorted.indexOf(name), where) };
  });
  return imageList(folder, folder, listed);
}

/** The WordNet name of each class, by its number. */
async function namesByNumber(path: string): Promise<ReadonlyMap<number, string>> {
  const rows = matStructures(path, await readMat(path), "synsets");
  const names = new Map<number, string>();
  for (const { ILSVRC2012_ID: number, WNID: name } of rows) {
    if (!(number instanceof Float64Array) || typeof name !== "string")
      throw new SourceError(`${path} has an entry without ILSVRC2012_ID or WNID.`);
    if (number[0]! <= wordCount) names.set(number[0]!, name);
  }
  return names;
}
