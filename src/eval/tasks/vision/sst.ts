import { join } from "node:path";
import { classFoldersSource } from "../../../data/formats/labeled/class-folders.js";
import type { LabeledPart } from "../layouts.js";
import { imageSet, withValidation } from "./image-set.js";

const classes = ["negative", "positive"];

const part = (name: string): LabeledPart => ({
  files: [name],
  open: (folder) => classFoldersSource(join(folder, name), classes),
});

export const renderedSst = imageSet({
  name: "rendered_sst2",
  title: "SST (rendered)",
  folders: ["rendered-sst2", "renderedsst2"],
  origin:
    "openaipublic.azureedge.net/clip/data/rendered-sst2.tgz (openai/CLIP, data/rendered-sst2.md)",
  gigabytes: 0.13,
  classes,
  templates: ["a {} review of a movie."],
  paper: [57.77, null, 56.67, 59.25, 56.4, 57.11, 56.84, 74.68],
  samples: { train: 6920, validation: 872, test: 1821 },
  official: { train: part("train"), validation: part("valid"), test: part("test") },
  partFolders: { train: "train", validation: "val", test: "test" },
  protocols: { clip: withValidation },
});
