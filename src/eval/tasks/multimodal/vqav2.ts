import { join } from "node:path";
import { imagesIn } from "../../../data/formats/labeled/image-finder.js";
import { frequentAnswers, vqaQuestions } from "../../../data/formats/labeled/vqa.js";
import { softAnswers } from "../../metrics/vqa-accuracy.js";
import { normalizedAnswer } from "../../metrics/vqa-answer.js";
import type { LabeledPart } from "../layouts.js";
import { pathsOf } from "../task-files.js";
import type { LabeledTask } from "../task.js";

const annotationsOf = (imagePart: string): string => `v2_mscoco_${imagePart}_annotations.json`;

const part = (imagePart: string, samples: number): LabeledPart => {
  const images = `${imagePart} or ../coco/${imagePart}`;
  const questions = `v2_OpenEnded_mscoco_${imagePart}_questions.json`;
  const annotations = annotationsOf(imagePart);
  return {
    files: [questions, annotations, images],
    samples,
    open: async (folder) => {
      const [found] = await pathsOf(folder, images);
      const files = {
        questions: join(folder, questions),
        annotations: join(folder, annotations),
        find: imagesIn(found!),
        nameOf: (image: number) => `COCO_${imagePart}_${String(image).padStart(12, "0")}.jpg`,
      };
      return vqaQuestions(files, softAnswers);
    },
  };
};

export const vqav2: LabeledTask = {
  name: "vqav2",
  title: "VQAv2",
  folders: ["VQAv2", "vqa"],
  family: "multimodal",
  kind: "fine-tuning",
  inputs: "image and text",
  origin:
    "visualqa.org/download.html (v2_Questions_*.zip, v2_Annotations_*.zip), and COCO's train2014 and val2014 images from cocodataset.org",
  gigabytes: 31,
  classes: [],
  answers: (folder) =>
    frequentAnswers(
      ["train2014", "val2014"].map((imagePart) => join(folder, annotationsOf(imagePart))),
      normalizedAnswer,
    ),
  layouts: [
    {
      name: "official files",
      parts: { train: part("train2014", 443_757), validation: part("val2014", 214_354) },
    },
  ],
  protocols: {
    paper: {
      train: [["train"]],
      chosenByTest: true,
      test: ["validation"],
      note: "The paper reports test-dev, whose answers only the server of the challenge has; here, the validation part is scored.",
    },
  },
  paper: [
    {
      title: "VQAv2",
      metrics: ["VQA accuracy"],
      values: [null, null, 67.13, 71.69, 71.29, 72.49, 59.81, 54.83],
    },
  ],
};
