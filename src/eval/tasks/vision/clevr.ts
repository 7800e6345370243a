import { join } from "node:path";
import { clevrCounts } from "../../../data/formats/labeled/clevr.js";
import type { LabeledPart } from "../layouts.js";
import { imageSet, trainAndTest } from "./image-set.js";

const classes = ["3", "4", "5", "6", "7", "8", "9", "10"];

const part = (name: string): LabeledPart => {
  const [images, scenes] = [`images/${name}`, `scenes/CLEVR_${name}_scenes.json`];
  return {
    files: [images, scenes],
    open: (folder) => clevrCounts(join(folder, scenes), join(folder, images), classes),
  };
};

export const clevr = imageSet({
  name: "clevr",
  title: "CLEVR",
  folders: ["CLEVR_v1.0", "clevr_count"],
  origin: "cs.stanford.edu/people/jcjohns/clevr (CLEVR_v1.0.zip)",
  gigabytes: 18,
  classes,
  templates: ["a photo of {} objects."],
  paper: [61.51, null, 79.35, 81.66, 80.62, 79.66, 73.64, 75.89],
  samples: { train: 70_000, test: 15_000 },
  official: { train: part("train"), test: part("val") },
  protocols: {
    vissl: trainAndTest,
    clip: {
      ...trainAndTest,
      note: "CLIP's 2,000 and 500 images were never published; these are all of VISSL's.",
    },
  },
});
