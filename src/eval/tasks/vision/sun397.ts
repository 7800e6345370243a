import { join } from "node:path";
import { classesByName } from "../../../data/formats/labeled/class-names.js";
import { imageList } from "../../../data/formats/labeled/image-list.js";
import { linesIn, numberedLinesIn } from "../../../data/formats/labeled/lines-in.js";
import { SourceError } from "../../../data/formats/source-error.js";
import { sun397Classes } from "../classes/sun397.js";
import type { LabeledPart } from "../layouts.js";
import { pathsOf } from "../task-files.js";
import { imageSet, trainAndTest } from "./image-set.js";

const names = "SUN397/ClassName.txt";

/** Lists of paths below SUN397 that begin with "/"; a class is the folder of an image, such as "/a/apse/indoor". */
const part = (name: string): LabeledPart => {
  const list = `Partitions/${name}_01.txt or SUN397/${name}_01.txt or ${name}_01.txt`;
  return {
    files: ["SUN397", names, list],
    open: async (folder) => {
      const [[path], classList] = [await pathsOf(folder, list), join(folder, names)];
      const byFolder = classesByName(sun397Classes, await linesIn(classList), classList);
      const listed = (await numberedLinesIn(path!)).map(({ text: file, line }) => {
        const label = byFolder.get(file.slice(0, file.lastIndexOf("/")));
        if (label !== undefined) return { file: file.slice(1), label };
        throw new SourceError(
          `${path}, line ${line}: ${JSON.stringify(file.slice(0, 80))} is in no folder of ${names}.`,
        );
      });
      return imageList(path!, join(folder, "SUN397"), listed);
    },
  };
};

export const sun397 = imageSet({
  name: "sun397",
  title: "SUN397",
  folders: ["SUN397"],
  origin: "vision.princeton.edu/projects/2010/SUN (SUN397.tar.gz, Partitions.zip)",
  gigabytes: 37,
  classes: sun397Classes,
  templates: ["a photo of a {}.", "a photo of the {}."],
  paper: [52.45, null, 81.27, 81.41, 81.05, 82.17, 79.96, 82.05],
  samples: { train: 19_850, test: 19_850 },
  official: { train: part("Training"), test: part("Testing") },
  shardTestSamples: 108_754,
  protocols: {
    clip: {
      ...trainAndTest,
      note: "The first of ten official partitions; which one CLIP used is not stated.",
    },
  },
});
