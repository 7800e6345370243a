import { join } from "node:path";
import { pcamImages } from "../../../data/formats/raw/pcam.js";
import type { LabeledPart } from "../layouts.js";
import { imageSet, trainAndTest, withValidation } from "./image-set.js";

const classes = ["lymph node", "lymph node containing metastatic tumor tissue"];

const part = (name: string): LabeledPart => {
  const file = (kind: string): string => `camelyonpatch_level_2_split_${name}_${kind}.h5`;
  return {
    files: [file("x"), file("y")],
    open: (folder) => pcamImages(join(folder, file("x")), join(folder, file("y")), classes),
  };
};

export const pcam = imageSet({
  name: "pcam",
  title: "PCAM",
  folders: ["patch_camelyon"],
  origin: "zenodo.org/records/2546921 (camelyonpatch_level_2_split_*.h5.gz; unpack them)",
  gigabytes: 7,
  classes,
  templates: ["a histopathology slide showing {}", "histopathology image of {}"],
  paper: [85.1, null, 85.02, 85.51, 85.72, 85.31, 83.99, 83.72],
  samples: { train: 262_144, validation: 32_768, test: 32_768 },
  official: { train: part("train"), validation: part("valid"), test: part("test") },
  protocols: {
    clip: withValidation,
    vissl: { ...trainAndTest, test: ["validation"], note: "VISSL tests on the validation part." },
  },
});
