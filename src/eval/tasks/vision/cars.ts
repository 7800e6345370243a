import { join } from "node:path";
import { classAt } from "../../../data/formats/labeled/class-names.js";
import { imageList } from "../../../data/formats/labeled/image-list.js";
import { matStructures, readMat } from "../../../data/formats/raw/mat.js";
import { SourceError } from "../../../data/formats/source-error.js";
import { carsClasses } from "../classes/cars.js";
import type { LabeledPart } from "../layouts.js";
import { imageSet, trainAndTest } from "./image-set.js";

/** Structures with the name of an image and its class, which counts from 1; CLIP calls the task StanfordCars. */
const part = (images: string, annotations: string): LabeledPart => ({
  files: [images, annotations],
  open: async (folder) => {
    const path = join(folder, annotations);
    const rows = matStructures(path, await readMat(path), "annotations");
    const listed = rows.map(({ fname, class: number }, index) => {
      const where = `${path}, annotation ${index},`;
      if (typeof fname !== "string" || !(number instanceof Float64Array))
        throw new SourceError(`${where} lacks an image name or a class.`);
      return { file: fname, label: classAt(carsClasses, number[0] ?? NaN, where, 1) };
    });
    return imageList(path, join(folder, images), listed);
  },
});

export const cars = imageSet({
  name: "cars",
  title: "Cars",
  folders: ["stanford_cars", "StanfordCars"],
  origin:
    "a mirror of ai.stanford.edu/~jkrause/cars (cars_train.tgz, cars_test.tgz, car_devkit.tgz, cars_test_annos_withlabels.mat), which " +
    "is offline, or tanganke/stanford_cars on Hugging Face",
  gigabytes: 2,
  classes: carsClasses,
  templates: [
    ...["a photo of a {}.", "a photo of the {}.", "a photo of my {}.", "i love my {}!"],
    ...["dirty", "clean", "new", "old"].map((kind) => `a photo of my ${kind} {}.`),
  ],
  paper: [14.71, null, 72.12, 72.07, 66.81, 70.87, 62.84, 85.92],
  samples: { train: 8144, test: 8041 },
  official: {
    train: part("cars_train", "devkit/cars_train_annos.mat"),
    test: part("cars_test", "cars_test_annos_withlabels.mat"),
  },
  protocols: { clip: trainAndTest, vissl: trainAndTest },
});
