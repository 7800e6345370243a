import { join } from "node:path";
import { classFoldersSource } from "../../../data/formats/labeled/class-folders.js";
import { country211Classes } from "../classes/country211.js";
import type { LabeledPart } from "../layouts.js";
import { imageSet, withValidation } from "./image-set.js";

/** One folder per country, named by its ISO code. */
const part = (name: string): LabeledPart => ({
  files: [name],
  open: (folder) => classFoldersSource(join(folder, name), country211Classes),
});

export const country211 = imageSet({
  name: "country211",
  title: "Country211",
  origin: "openaipublic.azureedge.net/clip/data/country211.tgz (openai/CLIP, data/country211.md)",
  gigabytes: 11,
  classes: country211Classes,
  templates: [
    "a photo i took in {}.",
    "a photo i took while visiting {}.",
    "a photo from my home country of {}.",
    "a photo from my visit to {}.",
    "a photo showing the country of {}.",
  ],
  paper: [8.87, null, 27.27, 26.75, 27.01, 28.92, 25.12, 30.1],
  samples: { train: 31_650, validation: 10_550, test: 21_100 },
  official: { train: part("train"), validation: part("valid"), test: part("test") },
  partFolders: { train: "train", validation: "val", test: "test" },
  protocols: {
    clip: {
      ...withValidation,
      note: "CLIP's table counts 43,200 images to train on; the files have 42,200.",
    },
  },
});
