import { join } from "node:path";
import { classAt } from "../../../data/formats/labeled/class-names.js";
import { imageList } from "../../../data/formats/labeled/image-list.js";
import { matNumbers, readMat } from "../../../data/formats/raw/mat.js";
import { SourceError } from "../../../data/formats/source-error.js";
import { flowers102Classes } from "../classes/flowers102.js";
import type { LabeledPart } from "../layouts.js";
import { imageSet, withValidation } from "./image-set.js";

/** Images have numbers from 1; imagelabels.mat gives the class of each, from 1, and setid.mat lists those of a part. */
const part = (variable: string): LabeledPart => ({
  files: ["jpg", "imagelabels.mat", "setid.mat"],
  open: async (folder) => {
    const [labelPath, setPath] = [join(folder, "imagelabels.mat"), join(folder, "setid.mat")];
    const labels = matNumbers(labelPath, await readMat(labelPath), "labels");
    const images = matNumbers(setPath, await readMat(setPath), variable);
    const listed = Array.from(images, (image) => {
      const number = labels[image - 1];
      if (number === undefined)
        throw new SourceError(
          `${setPath} lists image ${image}, but ${labelPath} labels ${labels.length} images.`,
        );
      const label = classAt(flowers102Classes, number, `${labelPath}, image ${image},`, 1);
      return { file: `image_${String(image).padStart(5, "0")}.jpg`, label };
    });
    return imageList(setPath, join(folder, "jpg"), listed);
  },
});

export const flowers102 = imageSet({
  name: "flowers102",
  title: "Flowers102",
  folders: ["flowers-102", "oxford_flowers102", "flowers"],
  origin: "www.robots.ox.ac.uk/~vgg/data/flowers/102 (102flowers.tgz, imagelabels.mat, setid.mat)",
  gigabytes: 0.35,
  classes: flowers102Classes,
  templates: ["a photo of a {}, a type of flower."],
  paper: [67.23, null, 96.36, 96.39, 95.58, 96.37, 94.94, 97.12],
  samples: { train: 1020, validation: 1020, test: 6149 },
  official: { train: part("trnid"), validation: part("valid"), test: part("tstid") },
  partFolders: { train: "train", validation: "val", test: "test" },
  protocols: { clip: withValidation, vissl: withValidation },
});
