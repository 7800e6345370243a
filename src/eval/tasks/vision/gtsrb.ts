import { join } from "node:path";
import { classAt } from "../../../data/formats/labeled/class-names.js";
import { classFoldersSource } from "../../../data/formats/labeled/class-folders.js";
import { imageList } from "../../../data/formats/labeled/image-list.js";
import { numberedLinesIn } from "../../../data/formats/labeled/lines-in.js";
import { gtsrbClasses } from "../classes/gtsrb.js";
import { pathsOf } from "../task-files.js";
import { imageSet, trainAndTest } from "./image-set.js";

const training = "GTSRB/Training";
const testImages = "GTSRB/Final_Test/Images";
const testLabels = "GT-final_test.csv or GTSRB/GT-final_test.csv";

export const gtsrb = imageSet({
  name: "gtsrb",
  title: "GTSRB",
  origin:
    "benchmark.ini.rub.de (GTSRB-Training_fixed.zip, which is the training set of IJCNN 2011, GTSRB_Final_Test_Images.zip, GTSRB_Final_Test_GT.zip)",
  gigabytes: 0.3,
  classes: gtsrbClasses,
  templates: ["zoomed in", "centered", "close up"].map(
    (kind) => `a ${kind} photo of a "{}" traffic sign.`,
  ),
  paper: [63.14, null, 78.92, 77.93, 77.71, 79.46, 76.34, 88.61],
  samples: { train: 26_640, test: 12_630 },
  official: {
    train: {
      files: [training],
      open: (folder) => classFoldersSource(join(folder, training), gtsrbClasses),
    },
    test: {
      files: [testImages, testLabels],
      open: async (folder) => {
        const [path] = await pathsOf(folder, testLabels);
        const [, ...rows] = await numberedLinesIn(path!); // the first line names the columns
        const listed = rows.map(({ text, line }) => {
          const cells = text.split(";");
          const number = Number(cells.at(-1));
          const label = classAt(gtsrbClasses, number, `${path}, line ${line}`);
          return { file: cells[0]!, label };
        });
        return imageList(path!, join(folder, testImages), listed);
      },
    },
  },
  protocols: { clip: trainAndTest, vissl: trainAndTest },
});
