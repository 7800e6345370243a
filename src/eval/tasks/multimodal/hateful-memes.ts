import { join } from "node:path";
import { imagesIn } from "../../../data/formats/labeled/image-finder.js";
import { imageTexts } from "../../../data/formats/labeled/image-texts.js";
import type { LabeledPart } from "../layouts.js";
import type { LabeledTask } from "../task.js";

const classes = ["not hateful", "hateful"];

/** Lines of the path of an image, its text, and the number of its class. */
const part = (name: string, samples: number): LabeledPart => ({
  files: [`${name}.jsonl`, "img"],
  samples,
  open: (folder) =>
    imageTexts(
      join(folder, `${name}.jsonl`),
      imagesIn(folder),
      ({ img, text, label }) => ({ image: img, text, label }),
      classes,
    ),
});

export const hatefulMemes: LabeledTask = {
  name: "hateful-memes",
  title: "Hateful Memes",
  folders: ["hateful_memes"],
  family: "multimodal",
  kind: "fine-tuning",
  inputs: "image and text",
  origin: "hatefulmemeschallenge.com (hateful_memes.zip, with a password: unpack it with unzip)",
  gigabytes: 3.5,
  classes,
  layouts: [
    {
      name: "official files",
      parts: {
        train: part("train", 8500),
        dev_seen: part("dev_seen", 500),
        dev_unseen: part("dev_unseen", 540),
        test_seen: part("test_seen", 1000),
        test_unseen: part("test_unseen", 2000),
      },
    },
  ],
  protocols: {
    paper: {
      train: [["train"]],
      validation: ["dev_seen"],
      test: ["test_seen"],
      note: "The paper does not name its test set: test_seen has 1,000 memes, test_unseen 2,000, and each is in the files.",
    },
  },
  otherMetrics: ["accuracy"],
  paper: [
    {
      title: "Hateful Memes",
      metrics: ["AUROC"],
      values: [null, null, 55.58, 70.72, 77.45, 76.09, 56.59, 63.93],
    },
  ],
};
