import { join } from "node:path";
import { classesByName } from "../../../data/formats/labeled/class-names.js";
import { imageList } from "../../../data/formats/labeled/image-list.js";
import { linesIn, numberedLinesIn } from "../../../data/formats/labeled/lines-in.js";
import { SourceError } from "../../../data/formats/source-error.js";
import { aircraftClasses } from "../classes/aircraft.js";
import type { LabeledPart } from "../layouts.js";
import { imageSet, withValidation } from "./image-set.js";

/** Lines of the number of an image and its variant, which may contain spaces. */
const part = (name: string): LabeledPart => {
  const list = `data/images_variant_${name}.txt`;
  return {
    files: ["data/images", "data/variants.txt", list],
    open: async (folder) => {
      const [path, variants] = [join(folder, list), join(folder, "data/variants.txt")];
      const byName = classesByName(aircraftClasses, await linesIn(variants), variants);
      const listed = (await numberedLinesIn(path)).map(({ text, line }) => {
        const [, image, variant = ""] = /^(\S+) (.+)$/.exec(text) ?? [];
        const label = byName.get(variant);
        if (label === undefined)
          throw new SourceError(
            `${path}, line ${line}: ${JSON.stringify(text.slice(0, 80))} ends with no known variant.`,
          );
        return { file: `${image}.jpg`, label };
      });
      return imageList(path, join(folder, "data/images"), listed);
    },
  };
};

export const aircraft = imageSet({
  name: "aircraft",
  title: "Aircraft",
  folders: ["fgvc_aircraft", "fgvc-aircraft-2013b"],
  origin: "www.robots.ox.ac.uk/~vgg/data/fgvc-aircraft (fgvc-aircraft-2013b.tar.gz)",
  gigabytes: 2.7,
  classes: aircraftClasses,
  templates: ["a photo of a {}, a type of aircraft.", "a photo of the {}, a type of aircraft."],
  paper: [13.83, null, 49.74, 48.9, 44.73, 47.31, 40.02, 51.4],
  samples: { train: 3334, validation: 3333, test: 3333 },
  official: { train: part("train"), validation: part("val"), test: part("test") },
  partFolders: { train: "train", validation: "val", test: "test" },
  protocols: { clip: withValidation, vissl: withValidation },
});
