/** Test images of scikit-image and scikit-learn (Debian packages): photographs, micrographs, textures. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { foldIn, keyOf as randomKeyOf } from "flava/data";
import { filesUnder } from "../archive/files.js";
import type { LoneImage } from "../item.js";
import type { Packages } from "../packages.js";
import { crops } from "./crops.js";
import { keyOf } from "./prose.js";

/** Contents of the usable images, by file name, without tests of file formats and images of people. */
const shown: Readonly<Record<string, string>> = {
  "brick.png": "brick wall",
  "camera.png": "cameraman",
  "cell.png": "cell",
  "chelsea.png": "cat",
  "clock_motion.png": "clock",
  "coffee.png": "cup of coffee",
  "coins.png": "coins",
  "grass.png": "grass",
  "gravel.png": "gravel",
  "horse.png": "horse",
  "hubble_deep_field.jpg": "galaxies",
  "ihc.png": "tissue",
  "microaneurysms.png": "microaneurysms",
  "moon.png": "moon",
  "motorcycle_left.png": "motorcycle",
  "motorcycle_right.png": "motorcycle",
  "page.png": "page of text",
  "retina.jpg": "retina",
  "rocket.jpg": "rocket",
  "text.png": "handwritten text",
  "china.jpg": "chinese temple",
  "flower.jpg": "flower",
};

const folders: Readonly<Record<string, string>> = {
  "python3-skimage": "usr/lib/python3/dist-packages/skimage/data",
  "python3-sklearn": "usr/lib/python3/dist-packages/sklearn/datasets/images",
};

const options = { count: 40, size: 160, from: 0.25, to: 1 };

/** Crops of the images; label and group are what the image shows. */
export async function* scienceImages(packages: Packages): AsyncGenerator<LoneImage> {
  for (const [name, folder] of Object.entries(folders)) {
    const directory = await packages.directory(name);
    if (directory === undefined) continue;
    for (const path of await filesUnder(join(directory, folder))) {
      const label = shown[path];
      if (label === undefined) continue;
      const key = foldIn(randomKeyOf(0), path);
      let index = 0;
      for await (const file of crops(await readFile(join(directory, folder, path)), key, options)) {
        yield {
          key: keyOf("science", `${path.replace(/\.\w+$/, "")}-${index++}`),
          source: "science",
          file,
          license: "see package",
          label,
          group: label,
        };
      }
    }
  }
}
