import { join } from "node:path";
import { classAt } from "../../../data/formats/labeled/class-names.js";
import { imageList } from "../../../data/formats/labeled/image-list.js";
import { numberedLinesIn } from "../../../data/formats/labeled/lines-in.js";
import { petsClasses } from "../classes/pets.js";
import type { LabeledPart } from "../layouts.js";
import { imageSet, trainAndTest } from "./image-set.js";

/** Lines of an image, its class, which counts from 1, its species and breed. */
const part = (list: string): LabeledPart => ({
  files: ["images", list],
  open: async (folder) => {
    const path = join(folder, list);
    const lines = (await numberedLinesIn(path)).filter(({ text }) => !text.startsWith("#"));
    const listed = lines.map(({ text, line }) => {
      const [image = "", number = ""] = text.split(" ");
      const where = `${path}, line ${line}`;
      return { file: `${image}.jpg`, label: classAt(petsClasses, Number(number), where, 1) };
    });
    return imageList(path, join(folder, "images"), listed);
  },
});

export const pets = imageSet({
  name: "pets",
  title: "Pets",
  folders: ["oxford-iiit-pet", "oxford_pets"],
  origin: "www.robots.ox.ac.uk/~vgg/data/pets (images.tar.gz, annotations.tar.gz)",
  gigabytes: 0.8,
  classes: petsClasses,
  templates: ["a photo of a {}, a type of pet."],
  paper: [34.48, null, 84.98, 84.93, 82.77, 84.82, 79.61, 91.66],
  samples: { train: 3680, test: 3669 },
  official: { train: part("annotations/trainval.txt"), test: part("annotations/test.txt") },
  protocols: { clip: trainAndTest, vissl: trainAndTest },
});
