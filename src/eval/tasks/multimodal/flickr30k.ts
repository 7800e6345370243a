import {
  captionLines,
  karpathyImages,
} from "../../../data/formats/annotations/captioned-images.js";
import { retrievalTask } from "./retrieval-task.js";

const folder = "flickr30k-images or flickr30k_images or images";

export const flickr30k = retrievalTask({
  name: "flickr30k",
  title: "Flickr30K",
  folders: ["Flickr30k"],
  origin:
    "the form on shannon.cs.illinois.edu/DenotationGraph (flickr30k-images.tar.gz), and cs.stanford.edu/people/karpathy/deepimagesent " +
    "(caption_datasets.zip, in it dataset_flickr30k.json)",
  gigabytes: 4.4,
  images: 1000,
  layouts: [
    {
      name: "Karpathy's list",
      list: "dataset_flickr30k.json",
      folder,
      open: (list, images) => karpathyImages(list, images, ["test"]),
    },
    {
      name: "list of CLIP_benchmark",
      list: "flickr30k_test_karpathy.txt",
      folder,
      open: captionLines,
    },
  ],
  paper: {
    "text R@1": [null, null, 68.3, 69.3, 64.5, 67.7, 60.9, 82.2],
    "text R@5": [null, null, 93.5, 92.9, 90.3, 94, 88.9, 96.6],
    "image R@1": [null, null, 60.56, 63.16, 60.04, 65.22, 56.48, 62.08],
    "image R@5": [null, null, 86.68, 87.7, 86.46, 89.38, 83.6, 85.68],
  },
});
