import { dirname } from "node:path";
import {
  cocoAnnotations,
  karpathyImages,
} from "../../../data/formats/annotations/captioned-images.js";
import { retrievalTask } from "./retrieval-task.js";

export const coco = retrievalTask({
  name: "coco",
  title: "COCO",
  folders: ["mscoco_captions", "mscoco"],
  origin:
    "cocodataset.org (val2014.zip), and cs.stanford.edu/people/karpathy/deepimagesent (caption_datasets.zip, in it dataset_coco.json)",
  gigabytes: 6,
  images: 5000,
  layouts: [
    {
      name: "Karpathy's list",
      list: "dataset_coco.json",
      folder: "val2014",
      // Its paths begin with "val2014/".
      open: (list, images) => karpathyImages(list, dirname(images), ["test"]),
    },
    {
      name: "list of CLIP_benchmark",
      list: "coco_test_karpathy.json",
      folder: "val2014",
      open: cocoAnnotations,
    },
  ],
  paper: {
    "text R@1": [null, null, 43.08, 43.48, 39.88, 42.74, 37.12, 52.48],
    "text R@5": [null, null, 75.82, 76.76, 72.84, 76.76, 69.48, 76.68],
    "image R@1": [null, null, 37.59, 38.46, 34.95, 38.38, 33.29, 33.07],
    "image R@5": [null, null, 67.28, 67.68, 64.63, 67.47, 62.47, 58.37],
  },
});
