import { join } from "node:path";
import { keyOf, uniformAt } from "../../../base/random.js";
import { imageList } from "../../../data/formats/labeled/image-list.js";
import { kittiDistances } from "../../../data/formats/labeled/kitti.js";
import { linesIn } from "../../../data/formats/labeled/lines-in.js";
import { NumpyRandom } from "../../../data/formats/labeled/numpy-random.js";
import { SourceError } from "../../../data/formats/source-error.js";
import type { LabeledPart } from "../layouts.js";
import { pathsOf } from "../task-files.js";
import { imageSet, trainAndTest, withValidation } from "./image-set.js";

const classes = [
  "a photo i took of a car on my left or right side.",
  "a photo i took with a car nearby.",
  "a photo i took with a car in the distance.",
  "a photo i took with no car.",
];
const images = ["training/image_2", "training/label_2"];
const mapping = (name: string): string => `mapping/${name} or devkit/mapping/${name}`;
const [order, lines] = [mapping("train_rand.txt"), mapping("train_mapping.txt")];

/** Chooses a part from the names of images, such as "000007". */
type Choose = (names: readonly string[], folder: string) => Promise<ReadonlySet<string>>;

const part = (files: readonly string[], choose: Choose): LabeledPart => ({
  files: [...images, ...files],
  open: async (folder) => {
    const training = join(folder, "training");
    const listed = await kittiDistances(training, classes);
    const nameOf = (file: string): string => file.replace(/^.*\/|\.\w+$/g, "");
    const chosen = await choose(
      listed.map(({ file }) => nameOf(file)),
      folder,
    );
    return imageList(
      training,
      training,
      listed.filter(({ file }) => chosen.has(nameOf(file))),
    );
  },
});

/**
 * The split of TFDS, by videos: a tenth of them to test, another tenth for validation. train_rand.txt gives the line of each
 * image in train_mapping.txt, from 1, which names its video.
 */
const byVideo = (name: "train" | "validation" | "test"): LabeledPart =>
  part([order, lines], async (names, folder) => {
    const [[orderPath], [linesPath]] = [await pathsOf(folder, order), await pathsOf(folder, lines)];
    const mapped = await linesIn(linesPath!);
    const numbers = (await linesIn(orderPath!)).join(",").split(",").filter(Boolean).map(Number);
    const videos = numbers.map((number, index) => {
      const video = mapped[number - 1]?.split(/\s+/)[1];
      if (video !== undefined) return video;
      throw new SourceError(
        `${orderPath}, number ${index + 1}: ${linesPath} has no line ${number}.`,
      );
    });
    const parts = videoParts(videos);
    return new Set(names.filter((image) => parts.get(videos[Number(image)] ?? "") === name));
  });

/** The part of each video. */
function videoParts(videos: readonly string[]): Map<string, "train" | "validation" | "test"> {
  const random = new NumpyRandom(123);
  const all = [...new Set(videos)].sort();
  const count = Math.max(1, Math.floor(all.length / 10));
  const test = new Set(random.choose(all, count));
  const others = all.filter((video) => !test.has(video));
  const validation = new Set(random.choose(others, count));
  return new Map(
    all.map((video) => [
      video,
      test.has(video) ? "test" : validation.has(video) ? "validation" : "train",
    ]),
  );
}

/** A random fifth of the images to test. */
const byImage = (isTest: boolean): LabeledPart =>
  part([], (names) => {
    const order = [...names.keys()].sort((a, b) => uniformAt(keyOf(0), a) - uniformAt(keyOf(0), b));
    const border = Math.round(names.length * 0.8);
    const chosen = isTest ? order.slice(border) : order.slice(0, border);
    return Promise.resolve(new Set(chosen.map((index) => names[index]!)));
  });

export const kitti = imageSet({
  name: "kitti",
  title: "KITTI",
  origin:
    "www.cvlibs.net/datasets/kitti (data_object_image_2.zip, data_object_label_2.zip; devkit_object.zip for its mapping)",
  gigabytes: 12,
  classes,
  templates: ["{}"],
  paper: [86.03, null, 87.83, 88.84, 88.7, 89.04, 84.89, 86.56],
  samples: { train: 6347, validation: 423, test: 711, train80: 5985, test20: 1496 },
  official: {
    train: byVideo("train"),
    validation: byVideo("validation"),
    test: byVideo("test"),
    train80: byImage(false),
    test20: byImage(true),
  },
  partFolders: { train: "train", test: "test" },
  parquet: { splits: { train: "train", validation: "validation", test: "test" } },
  protocols: {
    clip: withValidation,
    vissl: {
      ...trainAndTest,
      train: [["train80"]],
      test: ["test20"],
      note: "VISSL draws its fifth of test images without a seed; this one is drawn here.",
    },
  },
});
