/** Bare pixels and MAT files as their usual writers make them (test/golden/tasks/make.py), and damaged ones. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { damaged } from "../../../../test/golden/damage.js";
import {
  classNames,
  golden,
  gradient,
  readAll,
} from "../../../../test/golden/tasks/golden-tasks.js";
import { temporaryDirectory } from "../../../../test/golden/temporary-directory.js";
import { SourceError } from "../source-error.js";
import { cifarBinaries, cifarPickles } from "./cifar.js";
import { fer2013Images } from "./fer2013.js";
import { idxImages } from "./idx.js";
import { matNumbers, matStructures, readMat } from "./mat.js";
import { pcamImages } from "./pcam.js";
import { stl10Images } from "./stl10.js";

const folder = temporaryDirectory();
const place = (name: string): string => join(folder, name);

/** Copies a golden file with some bytes changed. */
async function changed(path: string, change: (bytes: Buffer) => Buffer): Promise<string> {
  const copy = place(path.replaceAll("/", "-"));
  await writeFile(copy, change(await readFile(golden(path))));
  return copy;
}

describe("CIFAR", () => {
  it.each(["cifar10/data_batch_1", "cifar10/python3"])("pickle %s is read", async (path) => {
    const source = await cifarPickles([golden(path), golden(path)], "labels", classNames(10));
    expect(source.samples).toBe(4);
    const images = await readAll(source);
    expect(images.map(({ label }) => label)).toEqual(["c3", "c9", "c3", "c9"]);
    expect(images[1]!.image).toEqual({ width: 32, height: 32, pixels: gradient(2, 32, 32) });
  });

  it("100 has fine labels, in pickles and in binary files", async () => {
    const pickles = await cifarPickles([golden("cifar100/train")], "fine_labels", classNames(100));
    const binaries = await cifarBinaries([golden("cifar100/train.bin")], 2, classNames(100));
    const images = await readAll(pickles);
    expect(images.map(({ label }) => label)).toEqual(["c0", "c99"]);
    expect((await readAll(binaries)).map(({ image }) => image)).toEqual(
      images.map(({ image }) => image),
    );
  });

  it("is refused with other labels, cut off, or as something else", async () => {
    const path = golden("cifar10/data_batch_1");
    await expect(cifarPickles([path], "fine_labels", classNames(100))).rejects.toThrow(
      "expected a dictionary with a list of fine_labels",
    );
    const source = await cifarPickles([path], "labels", classNames(9));
    await expect(readAll(source)).rejects.toThrow(
      /data_batch_1, image 1, has class 9; classes go from 0 to 8/,
    );
    const cut = await changed("cifar10/data_batch_1", (bytes) => bytes.subarray(0, 5000));
    await expect(cifarPickles([cut], "labels", classNames(10))).rejects.toThrow("ends too early");
    const short = await changed("cifar100/train.bin", (bytes) => bytes.subarray(1));
    await expect(cifarBinaries([short], 2, classNames(100))).rejects.toThrow("not rows of 3074");
    const zip = golden("mat/cars.mat");
    await expect(cifarPickles([zip], "labels", classNames(10))).rejects.toThrow(
      "no batch of CIFAR",
    );
  });
});

describe("idx", () => {
  const images = golden("mnist/train-images-idx3-ubyte.gz");
  const labels = golden("mnist/train-labels-idx1-ubyte");

  it("is read, gzipped or plain", async () => {
    const found = await readAll(await idxImages(images, labels, classNames(10)));
    expect(found.map(({ label }) => label)).toEqual(["c7", "c0", "c9"]);
    const { width, height, pixels } = found[2]!.image;
    expect([width, height]).toEqual([5, 4]);
    expect([...pixels.subarray(0, 6)]).toEqual([3, 3, 3, 4, 4, 4]);
  });

  it("is refused if files are exchanged, cut off, or labels are out of range", async () => {
    await expect(idxImages(images, images, [])).rejects.toThrow("no idx file of bytes with 1 axes");
    const cut = await changed("mnist/train-labels-idx1-ubyte", (bytes) => bytes.subarray(0, 10));
    await expect(idxImages(images, cut, classNames(10))).rejects.toThrow("have the 11 bytes");
    const gzip = await changed("mnist/train-images-idx3-ubyte.gz", (bytes) =>
      bytes.subarray(0, 30),
    );
    await expect(idxImages(gzip, labels, classNames(10))).rejects.toThrow("have the 76 bytes");
    const odd = await readAll(await idxImages(images, labels, classNames(9))).catch(String);
    expect(odd).toMatch(/label 2, has class 9; classes go from 0 to 8/);
  });
});

it("STL10's images are turned, labels count from 1, and folds choose images", async () => {
  const [images, labels, folds] = [place("X.bin"), place("y.bin"), place("folds.txt")];
  // by color, then column, then row
  const stored = (number: number): Uint8Array =>
    Uint8Array.from({ length: 96 * 96 * 3 }, (_, index) => {
      const [color, x, y] = [Math.floor(index / 96 ** 2), Math.floor(index / 96) % 96, index % 96];
      return [x + number, y, number][color]!;
    });
  await writeFile(images, Buffer.concat([stored(1), stored(2)]));
  await writeFile(labels, Buffer.of(1, 10));
  await writeFile(folds, "0 1\n1\n2\n");
  const files = { images, labels };
  const [, second] = await readAll(await stl10Images(files, classNames(10)));
  expect(second).toMatchObject({ label: "c9", image: { pixels: gradient(2, 96, 96) } });
  const fold = (number: number): ReturnType<typeof stl10Images> =>
    stl10Images({ ...files, fold: { path: folds, number } }, classNames(10));
  expect((await readAll(await fold(1))).map(({ key }) => key)).toEqual(["1"]);
  await expect(fold(2)).rejects.toThrow("line 3, names image 2; there are 2");
  await writeFile(labels, Buffer.of(1));
  await expect(stl10Images(files, classNames(10))).rejects.toThrow("2 images of 96 x 96 pixels");
});

it("FER2013's table is read by usage; odd rows are refused", async () => {
  const path = golden("fer2013.csv");
  const classes = classNames(7);
  const source = await fer2013Images(path, ["Training"], classes);
  expect(source.samples).toBe(2);
  const [first, second] = await readAll(source);
  expect([first!.label, second!.label]).toEqual(["c0", "c6"]);
  expect([first!.image.width, first!.image.pixels[8 * 3]]).toEqual([48, 1]);
  await expect(fer2013Images(path, ["PublicTest"], classes)).rejects.toThrow(
    "no rows of the usage",
  );
  const odd = await changed("fer2013.csv", (bytes) =>
    Buffer.from(String(bytes).replace(" 1 ", " 256 ")),
  );
  await expect(readAll(await fer2013Images(odd, ["Training"], classes))).rejects.toThrow(
    /line 2 should have 2304 pixels from 0 to 255/,
  );
});

describe("PatchCamelyon's HDF5", () => {
  const [images, labels] = [golden("pcam/x.h5"), golden("pcam/y.h5")];

  it("is read", async () => {
    const found = await readAll(await pcamImages(images, labels, classNames(2)));
    expect(found.map(({ label }) => label)).toEqual(["c0", "c1", "c1"]);
    const { width, pixels } = found[1]!.image;
    expect([width, ...pixels.subarray(17 * 3, 18 * 3)]).toEqual([96, 18, 2, 2]);
  });

  it("is refused if files are exchanged, cut off or missing", async () => {
    await expect(pcamImages(labels, images, [])).rejects.toThrow("no dataset x with 4 axes");
    const cut = await changed("pcam/x.h5", (bytes) => bytes.subarray(0, 3000));
    await expect(pcamImages(cut, labels, [])).rejects.toThrow(/pcam-x.h5 cannot be read/);
    await expect(pcamImages(place("none.h5"), labels, [])).rejects.toThrow("is not there");
  });
});

describe("a MAT file", () => {
  it.each(["mat/cars.mat", "mat/cars-compressed.mat"])("%s has structures", async (path) => {
    const rows = matStructures(path, await readMat(golden(path)), "annotations");
    expect(rows.map(({ fname, class: number }) => [fname, ...(number as Float64Array)])).toEqual([
      ["00001.jpg", 14],
      ["00002.jpg", 196],
    ]);
  });

  it("has numbers of several kinds, cells and texts", async () => {
    const values = await readMat(golden("mat/kinds.mat"));
    expect([...matNumbers("", values, "d")]).toEqual([1.5, 3, 2, 4]); // by columns
    expect([...matNumbers("", values, "i")]).toEqual([-1, 2 ** 40]);
    expect(values.get("cells")).toEqual(["größe", Float64Array.of(1.5, -2)]);
    expect(() => matNumbers("x.mat", values, "e")).toThrow("variables are d, i, cells");
    expect(() => matStructures("x.mat", values, "cells")).toThrow("no structures named cells");
  });

  it.each(["mat/cars.mat", "mat/kinds.mat", "mat/sets.mat"])(
    "%s is read or refused when it is damaged",
    async (path) => {
      const original = await readFile(golden(path));
      const property = fc.asyncProperty(damaged(original), async (bytes) => {
        await writeFile(place("damaged.mat"), bytes);
        const result = await readMat(place("damaged.mat")).catch((error: unknown) => error);
        if (!(result instanceof Map)) expect(result).toBeInstanceOf(SourceError);
      });
      await fc.assert(property, { numRuns: 100 });
    },
  );
});
