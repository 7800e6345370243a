import { join } from "node:path";
import { fer2013Images } from "../../../data/formats/raw/fer2013.js";
import type { LabeledPart } from "../layouts.js";
import { imageSet, withValidation } from "./image-set.js";

/** In the order of the class folders of Kaggle; the table's numbers are in another. */
const classes = ["angry", "disgusted", "fearful", "happy", "neutral", "sad", "surprised"];
const tableClasses = ["angry", "disgusted", "fearful", "happy", "sad", "surprised", "neutral"];

const part = (usage: string): LabeledPart => ({
  files: ["fer2013.csv"],
  open: (folder) => fer2013Images(join(folder, "fer2013.csv"), [usage], tableClasses),
});

export const fer2013 = imageSet({
  name: "fer2013",
  title: "FER2013",
  origin:
    "Kaggle, Challenges in Representation Learning: Facial Expression Recognition Challenge (fer2013.tar.gz)",
  gigabytes: 0.3,
  classes,
  templates: [
    "a photo of a {} looking face.",
    "a photo of a face showing the emotion: {}.",
    "a photo of a face looking {}.",
    "a face that looks {}.",
    "they look {}.",
    "look at how {} they are.",
  ],
  paper: [50.98, null, 59.96, 60.87, 58.99, 61.12, 57.04, 68.36],
  samples: { train: 28_709, validation: 3589, test: 3589 },
  official: {
    train: part("Training"),
    validation: part("PublicTest"),
    test: part("PrivateTest"),
  },
  // Kaggle's folders of images have both test parts in one.
  partFolders: { train: "train", test: "test" },
  folderSamples: { train: 28_709, test: 7178 },
  shardTestSamples: 7178,
  protocols: {
    clip: {
      ...withValidation,
      note: "CLIP counts 32,140 and 3,574 images of 8 classes, which the files do not have; these are the official parts.",
    },
  },
});
