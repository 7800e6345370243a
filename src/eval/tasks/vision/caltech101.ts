import { join } from "node:path";
import { foldIn, keyOf, uniformAt } from "../../../base/random.js";
import { classFoldersSource } from "../../../data/formats/labeled/class-folders.js";
import { caltech101Classes } from "../classes/caltech101.js";
import type { LabeledPart } from "../layouts.js";
import { imageSet, trainAndTest } from "./image-set.js";

const trainingImages = 30;

/** The files of a class in an order drawn from its name. */
function drawn(files: readonly string[], className: string): string[] {
  const key = foldIn(keyOf(0), className);
  const lots = new Map(files.map((file, index) => [file, uniformAt(key, index)]));
  return [...files].sort((a, b) => lots.get(a)! - lots.get(b)!);
}

const part = (select: (files: readonly string[]) => readonly string[]): LabeledPart => ({
  files: ["101_ObjectCategories"],
  open: (folder) =>
    classFoldersSource(join(folder, "101_ObjectCategories"), caltech101Classes, (files, name) =>
      select(drawn(files, name)),
    ),
});

export const caltech101 = imageSet({
  name: "caltech101",
  title: "Caltech101",
  folders: ["caltech-101", "caltech101/caltech101"],
  origin:
    "data.caltech.edu/records/mzrjq-6wc02 (caltech-101.zip, in it 101_ObjectCategories.tar.gz)",
  gigabytes: 0.13,
  classes: caltech101Classes,
  templates: ["a", "the"].flatMap((article) => [
    `a photo of ${article} {}.`,
    `a painting of ${article} {}.`,
    `${article} plastic {}.`,
    `a sculpture of ${article} {}.`,
    `a sketch of ${article} {}.`,
    `a tattoo of ${article} {}.`,
    `${article} toy {}.`,
    `a rendition of ${article} {}.`,
    `${article} embroidered {}.`,
    `${article} cartoon {}.`,
    `${article} {} in a video game.`,
    `${article} plushie {}.`,
    `${article} origami {}.`,
    `art of ${article} {}.`,
    `graffiti of ${article} {}.`,
    `a drawing of ${article} {}.`,
    `a doodle of ${article} {}.`,
  ]),
  paper: [67.36, null, 94.91, 95.32, 94.95, 95.74, 93.76, 95.51],
  samples: { train: 3060, test: 6084 },
  official: {
    train: part((files) => files.slice(0, trainingImages)),
    test: part((files) => files.slice(trainingImages)),
  },
  protocols: {
    clip: {
      ...trainAndTest,
      note: "The 30 training images of each class are drawn here: nobody published theirs. CLIP counts 6,085 test images.",
    },
  },
});
