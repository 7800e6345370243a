import { idxImages } from "../../../data/formats/raw/idx.js";
import type { LabeledPart } from "../layouts.js";
import { pathsOf } from "../task-files.js";
import { imageSet, trainAndTest } from "./image-set.js";

const classes = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

/** Plain or gzipped, in the folder itself or where torchvision puts them. */
const forms = (name: string): string =>
  ["", "raw/", "MNIST/raw/"]
    .flatMap((folder) => [`${folder}${name}`, `${folder}${name}.gz`])
    .join(" or ");

const part = (name: string): LabeledPart => {
  const files = [forms(`${name}-images-idx3-ubyte`), forms(`${name}-labels-idx1-ubyte`)];
  return {
    files,
    open: async (folder) => {
      const [[images], [labels]] = [
        await pathsOf(folder, files[0]!),
        await pathsOf(folder, files[1]!),
      ];
      return idxImages(images!, labels!, classes);
    },
  };
};

export const mnist = imageSet({
  name: "mnist",
  title: "MNIST",
  origin:
    "yann.lecun.com/exdb/mnist, or the mirror that torchvision uses, or ylecun/mnist on Hugging Face",
  gigabytes: 0.01,
  classes,
  templates: ['a photo of the number: "{}".'],
  paper: [96.4, null, 98.39, 98.58, 98.7, 98.42, 97.38, 99.01],
  samples: { train: 60_000, test: 10_000 },
  official: { train: part("train"), test: part("t10k") },
  parquet: { configuration: "mnist" },
  protocols: { clip: trainAndTest },
});
