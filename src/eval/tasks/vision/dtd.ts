import { pathListSource } from "../../../data/formats/labeled/path-list.js";
import { dtdClasses } from "../classes/dtd.js";
import type { LabeledPart } from "../layouts.js";
import { imageSet, withValidation } from "./image-set.js";

/** The first of ten official splits. */
const part = (name: string): LabeledPart => {
  const places = { images: "images", list: `labels/${name}1.txt` };
  return {
    files: [places.images, places.list],
    open: (folder) => pathListSource(folder, places, dtdClasses),
  };
};

export const dtd = imageSet({
  name: "dtd",
  title: "DTD",
  origin: "www.robots.ox.ac.uk/~vgg/data/dtd (dtd-r1.0.1.tar.gz)",
  gigabytes: 0.6,
  classes: dtdClasses,
  templates: ["a", "the"].flatMap((article) =>
    ["texture", "pattern", "thing", "object"].map((noun) => `a photo of ${article} {} ${noun}.`),
  ),
  paper: [55.53, null, 76.86, 76.91, 75.8, 77.29, 73.4, 78.46],
  samples: { train: 1880, validation: 1880, test: 1880 },
  official: { train: part("train"), validation: part("val"), test: part("test") },
  partFolders: { train: "train", validation: "val", test: "test" },
  protocols: { clip: withValidation, vissl: withValidation },
});
