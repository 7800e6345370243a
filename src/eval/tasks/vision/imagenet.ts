import { imageNetValidation } from "../../../data/formats/labeled/imagenet-validation.js";
import { classFoldersSource } from "../../../data/formats/labeled/class-folders.js";
import { photoTemplates } from "../../../inference/prompts.js";
import { imagenetClasses } from "../classes/imagenet.js";
import { join } from "node:path";
import { imageSet, trainAndTest } from "./image-set.js";

const kit = "ILSVRC2012_devkit_t12/data";

export const imagenet = imageSet({
  name: "imagenet",
  title: "ImageNet",
  folders: ["imagenet1k", "ILSVRC2012", "imagenet-1k"],
  origin:
    "image-net.org (ILSVRC2012_img_train.tar, ILSVRC2012_img_val.tar, ILSVRC2012_devkit_t12.tar.gz; registration)",
  gigabytes: 145,
  classes: imagenetClasses,
  templates: photoTemplates,
  paper: [41.79, null, 74.09, 74.34, 73.49, 75.54, 72.95, 80.2],
  samples: { train: 1_281_167, test: 50_000 },
  official: {
    train: {
      files: ["train"],
      open: (folder) => classFoldersSource(join(folder, "train"), imagenetClasses),
    },
    test: {
      files: ["val", `${kit}/meta.mat`, `${kit}/ILSVRC2012_validation_ground_truth.txt`],
      open: (folder) => imageNetValidation(join(folder, "val"), join(folder, kit), imagenetClasses),
    },
  },
  partFolders: { train: "train", test: "val" },
  parquet: { splits: { train: "train", test: "validation" } },
  protocols: { clip: trainAndTest, vissl: trainAndTest },
});
