import { join } from "node:path";
import { imagesIn } from "../../../data/formats/labeled/image-finder.js";
import { imageTexts } from "../../../data/formats/labeled/image-texts.js";
import type { LabeledPart } from "../layouts.js";
import { pathsOf } from "../task-files.js";
import type { LabeledTask } from "../task.js";

const classes = ["entailment", "neutral", "contradiction"];
const images =
  "flickr30k_images or flickr30k-images or images or ../flickr30k/flickr30k-images or ../flickr30k/images";

/** Lines of the name of an image (spelled in two ways), a hypothesis about it, and the label. */
const part = (name: string, samples: number): LabeledPart => {
  const file = `snli_ve_${name}.jsonl`;
  return {
    files: [file, images],
    samples,
    open: async (folder) => {
      const [found] = await pathsOf(folder, images);
      return imageTexts(
        join(folder, file),
        imagesIn(found!),
        ({ Flikr30kID, Flickr30K_ID = Flikr30kID, sentence2, gold_label }) => ({
          image: withExtension(Flickr30K_ID),
          text: sentence2,
          label: gold_label,
        }),
        classes,
      );
    },
  };
};

const withExtension = (name: unknown): unknown =>
  typeof name === "string" && !name.endsWith(".jpg") ? `${name}.jpg` : name;

export const snliVe: LabeledTask = {
  name: "snli-ve",
  title: "SNLI-VE",
  folders: ["snli_ve", "SNLI-VE"],
  family: "multimodal",
  kind: "fine-tuning",
  inputs: "image and text",
  origin: "github.com/necla-ml/SNLI-VE (jsonl files), and the images of Flickr30K",
  gigabytes: 4.5,
  classes,
  layouts: [
    {
      name: "official files",
      parts: {
        train: part("train", 529_527),
        validation: part("dev", 17_858),
        test: part("test", 17_901),
      },
    },
  ],
  protocols: {
    paper: {
      train: [["train"]],
      validation: ["validation"],
      test: ["test"],
      note: "The paper does not say which part it scores.",
    },
  },
  paper: [
    {
      title: "SNLI-VE",
      metrics: ["accuracy"],
      values: [null, null, 73.27, 78.36, 78.14, 78.89, 73.53, 74.27],
    },
  ],
};
