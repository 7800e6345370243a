import { join } from "node:path";
import { ucf101Frames } from "../../../data/formats/labeled/ucf101.js";
import { ucf101Classes } from "../classes/ucf101.js";
import type { LabeledPart } from "../layouts.js";
import { pathsOf } from "../task-files.js";
import { imageSet, trainAndTest } from "./image-set.js";

/** The first of three official splits; the label is the folder of a clip. */
const part = (name: string, images: string): LabeledPart => {
  const list = `${name}.txt or ucfTrainTestlist/${name}.txt`;
  return {
    files: [images, list],
    open: async (folder) => {
      const [path] = await pathsOf(folder, list);
      return ucf101Frames(path!, join(folder, images), ucf101Classes);
    },
  };
};

const parts = (images: string): Record<"train" | "test", LabeledPart> => ({
  train: { ...part("trainlist01", images), samples: 9537 },
  test: { ...part("testlist01", images), samples: 3783 },
});

export const ucf101 = imageSet({
  name: "ucf101",
  title: "UCF101",
  origin:
    "www.crcv.ucf.edu/data/UCF101.php (UCF101.rar, UCF101TrainTestSplits-RecognitionTask.zip; needs ffmpeg), or CoOp's UCF-101-midframes.zip",
  gigabytes: 7,
  classes: ucf101Classes,
  templates: ["a", "the"].flatMap((article) =>
    ["", "using ", "doing ", "during ", "performing ", "practicing "].flatMap((verb) =>
      ["photo", "video", "example", "demonstration"].map(
        (kind) => `a ${kind} of ${article} person ${verb}{}.`,
      ),
    ),
  ),
  paper: [46.34, null, 82.69, 82.9, 81.42, 83.32, 77.85, 85.17],
  samples: { train: 9537, test: 3783 },
  official: parts("UCF-101"),
  otherLayouts: [{ name: "middle frames of CoOp", parts: parts("UCF-101-midframes") }],
  protocols: {
    clip: {
      ...trainAndTest,
      note: "CLIP's table has 1,794 test images by mistake; the list has 3,783.",
    },
    vissl: trainAndTest,
  },
});
