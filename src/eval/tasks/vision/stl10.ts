import { join } from "node:path";
import { stl10Images } from "../../../data/formats/raw/stl10.js";
import type { LabeledPart } from "../layouts.js";
import { imageSet } from "./image-set.js";

const classes = [
  "airplane",
  "bird",
  "car",
  "cat",
  "deer",
  "dog",
  "horse",
  "monkey",
  "ship",
  "truck",
];
const folds = Array.from({ length: 10 }, (_, fold) => `fold${fold}`);

const place = (folder: string, file: string): string => join(folder, "stl10_binary", file);

const part = (name: string, fold?: number): LabeledPart => {
  const files = [
    `${name}_X.bin`,
    `${name}_y.bin`,
    ...(fold === undefined ? [] : ["fold_indices.txt"]),
  ];
  return {
    files: files.map((file) => `stl10_binary/${file}`),
    open: (folder) =>
      stl10Images(
        {
          images: place(folder, files[0]!),
          labels: place(folder, files[1]!),
          ...(fold !== undefined && { fold: { path: place(folder, files[2]!), number: fold } }),
        },
        classes,
      ),
  };
};

export const stl10 = imageSet({
  name: "stl10",
  title: "STL10",
  origin: "cs.stanford.edu/~acoates/stl10 (stl10_binary.tar.gz)",
  gigabytes: 2.6,
  classes,
  templates: ["a photo of a {}.", "a photo of the {}."],
  paper: [80.12, null, 98.06, 98.31, 98.32, 98.89, 97.29, 99.09],
  samples: {
    train: 5000,
    test: 8000,
    ...Object.fromEntries(folds.map((fold) => [fold, 1000])),
  },
  official: {
    train: part("train"),
    test: part("test"),
    ...Object.fromEntries(folds.map((fold, number) => [fold, part("train", number)])),
  },
  partFolders: { train: "train", test: "test" },
  parquet: { splits: { train: "train", test: "test" } },
  protocols: {
    clip: { train: folds.map((fold) => [fold]), test: ["test"] },
    vissl: {
      train: [["train"]],
      test: ["test"],
      note: "All 5,000 training images together; VISSL has no script for this set.",
    },
  },
});
