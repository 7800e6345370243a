import { pathListSource } from "../../../data/formats/labeled/path-list.js";
import { food101Classes } from "../classes/food101.js";
import type { LabeledPart } from "../layouts.js";
import { imageSet, trainAndTest } from "./image-set.js";

const part = (name: string): LabeledPart => {
  const list = `meta/${name}.txt`;
  const places = { images: "images", list, classList: "meta/classes.txt", extension: ".jpg" };
  return {
    files: ["images", places.classList, list],
    open: (folder) => pathListSource(folder, places, food101Classes),
  };
};

export const food101 = imageSet({
  name: "food101",
  title: "Food101",
  folders: ["food-101"],
  origin: "data.vision.ee.ethz.ch/cvl/food-101.tar.gz, or ethz/food101 on Hugging Face",
  gigabytes: 5,
  classes: food101Classes,
  templates: ["a photo of {}, a type of food."],
  paper: [53.3, null, 87.77, 87.53, 87.39, 88.51, 85.49, 91.56],
  samples: { train: 75_750, test: 25_250 },
  official: { train: part("train"), test: part("test") },
  parquet: { splits: { train: "train", test: "validation" } },
  protocols: { clip: trainAndTest, vissl: trainAndTest },
});
