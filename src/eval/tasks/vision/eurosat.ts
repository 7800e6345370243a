import { classFoldersSource } from "../../../data/formats/labeled/class-folders.js";
import type { LabeledPart } from "../layouts.js";
import { pathsOf } from "../task-files.js";
import { imageSet, trainAndTest } from "./image-set.js";

const classes = [
  ...["annual crop land", "forest", "brushland or shrubland", "highway or road"],
  ...["industrial buildings or commercial buildings", "pasture land", "permanent crop land"],
  ...["residential buildings or homes or apartments", "river", "lake or sea"],
];

/** VISSL's split: of each class, sorted by name, 1,000 images to train on and the next 500 to test. */
const part = (start: number, end: number): LabeledPart => ({
  files: ["2750 or EuroSAT/2750"],
  open: async (folder) => {
    const [images] = await pathsOf(folder, "2750 or EuroSAT/2750");
    return classFoldersSource(images!, classes, (files) => files.slice(start, end));
  },
});

const note = "CLIP's split is not published; this is VISSL's, of the same sizes.";

export const eurosat = imageSet({
  name: "eurosat",
  title: "EuroSAT",
  folders: ["EuroSAT"],
  origin: "github.com/phelber/EuroSAT (EuroSAT.zip, RGB)",
  gigabytes: 0.09,
  classes,
  templates: ["", "a ", "the "].map((article) => `a centered satellite photo of ${article}{}.`),
  paper: [95.48, null, 97, 96.98, 97.04, 97.26, 95.7, 95.38],
  samples: { train: 10_000, test: 5000 },
  official: { train: part(0, 1000), test: part(1000, 1500) },
  shardTestSamples: 5400,
  protocols: { vissl: trainAndTest, clip: { ...trainAndTest, note } },
});
