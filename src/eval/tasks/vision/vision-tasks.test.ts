/** Sets of images in the official layouts that no other test opens, and damaged ones. */
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { golden } from "../../../../test/golden/tasks/golden-tasks.js";
import { temporaryDirectory } from "../../../../test/golden/temporary-directory.js";
import { SkippedSamples } from "../../../data/batch/skipped.js";
import { encodePnm } from "../../../data/image/codecs/pnm.js";
import type { LabeledSource } from "../../../data/labeled-source.js";
import { openTask } from "../open-task.js";
import type { LabeledTask } from "../task.js";
import { aircraft } from "./aircraft.js";
import { caltech101 } from "./caltech101.js";
import { cars } from "./cars.js";
import { eurosat } from "./eurosat.js";
import { flowers102 } from "./flowers102.js";
import { gtsrb } from "./gtsrb.js";
import { kitti } from "./kitti.js";
import { pets } from "./pets.js";
import { sun397 } from "./sun397.js";

const folder = temporaryDirectory();
const image = encodePnm(2, 1, 3, Uint8Array.of(1, 2, 3, 4, 5, 6));

async function put(path: string, ...lines: readonly string[]): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), lines.length > 0 ? `${lines.join("\n")}\n` : image);
}
async function putGolden(path: string, copy: string): Promise<void> {
  await mkdir(dirname(join(folder, copy)), { recursive: true });
  await copyFile(golden(path), join(folder, copy));
}
const open = (task: LabeledTask, protocol?: string) =>
  openTask(task, folder, { incomplete: true, ...(protocol !== undefined && { protocol }) });
async function listed(source: LabeledSource | undefined): Promise<unknown[]> {
  const found: unknown[] = [];
  const skipped = new SkippedSamples();
  for await (const { key, target } of source!.read(skipped))
    found.push(target?.kind === "class" && [key, target.label]);
  expect(found.length + skipped.total).toBe(source!.samples);
  return found;
}

it("GTSRB: folders of numbers to train on, a table to test", async () => {
  for (let number = 0; number < 43; number++)
    await put(`gtsrb/GTSRB/Training/${String(number).padStart(5, "0")}/00000_00000.ppm`);
  await put("gtsrb/GTSRB/Final_Test/Images/00000.ppm");
  const header = "Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId";
  await put("gtsrb/GT-final_test.csv", header, "00000.ppm;53;54;6;5;48;49;16");
  const { train, test } = await open(gtsrb);
  expect(await listed(test[0])).toEqual([["00000", gtsrb.classes[16]]]);
  expect((await listed(train[0]![0]))[42]).toEqual(["00042/00000_00000", gtsrb.classes[42]]);
  await put("gtsrb/GT-final_test.csv", header, "00000.ppm;53;54;6;5;48;49;43");
  await expect(open(gtsrb)).rejects.toThrow("GT-final_test.csv, line 2 has class 43");
});

it("Cars: annotations of MATLAB count classes from 1", async () => {
  for (const part of ["train", "test"]) await put(`cars/cars_${part}/00001.jpg`);
  await putGolden("mat/cars.mat", "cars/devkit/cars_train_annos.mat");
  await putGolden("mat/cars-compressed.mat", "cars/cars_test_annos_withlabels.mat");
  const { test } = await open(cars);
  expect(await listed(test[0])).toEqual([["00001", cars.classes[13]]]);
  expect(test[0]!.samples).toBe(2); // one of the images is not there
  await putGolden("mat/labels.mat", "cars/cars_test_annos_withlabels.mat");
  await expect(open(cars)).rejects.toThrow("no structures named annotations");
});

it("Flowers102: numbers of images and of classes are in two files", async () => {
  await put("flowers102/jpg/image_00001.jpg");
  await putGolden("mat/labels.mat", "flowers102/imagelabels.mat");
  await putGolden("mat/sets.mat", "flowers102/setid.mat");
  const { train } = await open(flowers102);
  expect(await listed(train[0]![0])).toEqual([["image_00001", flowers102.classes[76]]]);
  await putGolden("mat/sets.mat", "flowers102/imagelabels.mat");
  await expect(open(flowers102)).rejects.toThrow("no numbers named labels");
});

it("Pets: lists count classes from 1", async () => {
  await put("pets/images/Abyssinian_100.jpg");
  const lines = ["#Image CLASS-ID SPECIES BREED ID", "Abyssinian_100 1 1 1", "yorkshire 37 2 25"];
  for (const part of ["trainval", "test"]) await put(`pets/annotations/${part}.txt`, ...lines);
  const { train } = await open(pets);
  expect(await listed(train[0]![0])).toEqual([["Abyssinian_100", pets.classes[0]]]);
  await put("pets/annotations/test.txt", "Abyssinian_100 38 1 1");
  await expect(open(pets)).rejects.toThrow("test.txt, line 1 has class 38");
  await put("pets/annotations/test.txt", "Abyssinian_100");
  await expect(open(pets)).rejects.toThrow("test.txt, line 1 has class 0; classes go from 1");
});

it("Aircraft: names of variants have spaces", async () => {
  await put("aircraft/data/images/0034309.jpg");
  await put("aircraft/data/variants.txt", ...aircraft.classes);
  for (const part of ["train", "val", "test"])
    await put(`aircraft/data/images_variant_${part}.txt`, "0034309 Cessna 172");
  const { validation } = await open(aircraft);
  expect(await listed(validation[0])).toEqual([["0034309", "Cessna 172"]]);
  await put("aircraft/data/images_variant_test.txt", "0034309 Cessna");
  await expect(open(aircraft)).rejects.toThrow('test.txt, line 1: "0034309 Cessna" ends with no');
});

it("SUN397: classes are folders, some of them nested", async () => {
  const paths = sun397.classes.map((name) => `/${name[0]!}/${name.replaceAll(" ", "_")}`);
  const [apse] = paths.filter((path) => path.endsWith("apse_indoor"));
  await put("sun397/SUN397/ClassName.txt", ...paths);
  await put(`sun397/SUN397${apse}/sun_a.jpg`);
  for (const part of ["Training", "Testing"])
    await put(`sun397/Partitions/${part}_01.txt`, `${apse}/sun_a.jpg`);
  const { test } = await open(sun397);
  expect(await listed(test[0])).toEqual([["a/apse_indoor/sun_a", "apse indoor"]]);
  await put("sun397/Partitions/Testing_01.txt", "/x/yard/sun_a.jpg");
  await expect(open(sun397)).rejects.toThrow(
    'Testing_01.txt, line 1: "/x/yard/sun_a.jpg" is in no',
  );
  await put("sun397/SUN397/ClassName.txt", ...paths.slice(1));
  await expect(open(sun397)).rejects.toThrow("has 396 classes, but the set has 397");
});

it("EuroSAT and Caltech101: parts are cut out of the folders of classes", async () => {
  for (const [place] of eurosat.classes.entries())
    for (const number of [1, 2])
      await put(`eurosat/2750/class${place}/class${place}_${number}.jpg`);
  const satellite = await open(eurosat).catch(String);
  expect(satellite).toContain("lists no images"); // the test part begins after 1,000 of each class
  for (const [place] of caltech101.classes.entries())
    await put(`caltech101/101_ObjectCategories/${String(place).padStart(3, "0")}/a.jpg`);
  for (let number = 0; number < 34; number++)
    await put(`caltech101/101_ObjectCategories/007/${number}.jpg`);
  const { train, test } = await open(caltech101);
  const [fitted, scored] = [await listed(train[0]![0]), await listed(test[0])];
  expect([fitted.length, scored.length]).toEqual([101 + 30, 5]);
  expect(new Set([...fitted, ...scored].map(String)).size).toBe(101 + 35);
});

it("KITTI: no video is in two parts; without videos, a fifth of the images is tested", async () => {
  const names = Array.from({ length: 40 }, (_, index) => String(index).padStart(6, "0"));
  for (const name of names) {
    await put(`kitti/training/image_2/${name}.png`);
    await put(`kitti/training/label_2/${name}.txt`, "Car 0 0 0 1 2 3 4 1 1 1 0 1 5 0");
  }
  await put("kitti/mapping/train_rand.txt", names.map((_, index) => index + 1).join(","));
  const video = (index: number): string => `2011_09_26 drive_${String(index >> 1)} ${index}`;
  await put("kitti/mapping/train_mapping.txt", ...names.map((_, index) => video(index)));
  const { train, validation, test } = await open(kitti);
  const [fitted, held, scored] = await Promise.all(
    [train[0]![0], validation[0], test[0]].map(listed),
  );
  expect([fitted!.length, held!.length, scored!.length]).toEqual([32, 4, 4]);
  const byImage = await open(kitti, "vissl");
  expect([byImage.train[0]![0]!.samples, byImage.test[0]!.samples]).toEqual([32, 8]);
  await put("kitti/mapping/train_rand.txt", "41");
  await expect(open(kitti)).rejects.toThrow("train_mapping.txt has no line 41");
});
