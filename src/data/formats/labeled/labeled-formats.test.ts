/** Lists of labeled images in the layouts of the evaluation's sets. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  classNames,
  golden,
  labelsOf,
  readAll,
} from "../../../../test/golden/tasks/golden-tasks.js";
import { temporaryDirectory } from "../../../../test/golden/temporary-directory.js";
import { readFileSync } from "node:fs";
import { clevrCounts } from "./clevr.js";
import { imagesIn } from "./image-finder.js";
import { imageTexts } from "./image-texts.js";
import { imageNetValidation } from "./imagenet-validation.js";
import { jsonItems } from "../json-items.js";
import { kittiDistances } from "./kitti.js";
import { NumpyRandom } from "./numpy-random.js";
import { parquetImages } from "./parquet-images.js";
import { tarShardsSource } from "./tar-shards.js";
import { ucf101Frames } from "./ucf101.js";

const folder = temporaryDirectory();
const place = (path: string): string => join(folder, path);
async function put(path: string, content: string): Promise<string> {
  await mkdir(dirname(place(path)), { recursive: true });
  await writeFile(place(path), content);
  return place(path);
}

describe("CLIP_benchmark's shards", () => {
  it("are counted and read", async () => {
    const source = await tarShardsSource(golden("wds/train"), classNames(2));
    expect(source.samples).toBe(2);
    const images = await readAll(source);
    expect(images.map(({ key, label }) => [key, label])).toEqual([
      ["s0000000", "c1"],
      ["s0000001", "c0"],
    ]);
    expect([...images[1]!.image.pixels.subarray(0, 3)]).toEqual([1, 0, 1]);
  });

  it("are refused with other classes, or if one is missing", async () => {
    const source = await tarShardsSource(golden("wds/train"), classNames(1));
    await expect(labelsOf(source)).rejects.toThrow(
      /s0000000\.\w+ has class 1; classes go from 0 to 0/,
    );
    await put("wds/nshards.txt", "2\n");
    await expect(tarShardsSource(place("wds"), [])).rejects.toThrow("0.tar");
    await put("wds/nshards.txt", "two\n");
    await expect(tarShardsSource(place("wds"), [])).rejects.toThrow('number of shards, not "two"');
  });
});

it("Parquet images have classes by name or number", async () => {
  const paths = [golden("hf/test-00000-of-00001.parquet")];
  const columns = { image: "image", label: "label" };
  const source = await parquetImages(paths, columns, ["bad", "good"]);
  expect(source.samples).toBe(3);
  expect((await readAll(source)).map(({ label }) => label)).toEqual(["good", "bad", "good"]);
  await expect(parquetImages(paths, columns, classNames(3))).rejects.toThrow("names 2 classes");
  // The file numbers negative and positive: names tell where the set has them in another order.
  const named = await parquetImages(paths, columns, ["Positive", "Negative"]);
  expect(await labelsOf(named)).toEqual(["Positive", "Negative", "Positive"]);
});

it("lines of JSON label images by a name or a number, and null is no label", async () => {
  const put1 = (label: unknown): Promise<string> =>
    put("memes.jsonl", JSON.stringify({ img: "1.png", text: "a text", label }));
  await put("1.png", "an image");
  const labels = async (label: unknown): Promise<unknown[]> => {
    const interpret = ({ img, text, label }: Readonly<Record<string, unknown>>) => ({
      ...{ image: img, text, label },
    });
    return labelsOf(
      await imageTexts(await put1(label), imagesIn(folder), interpret, ["no", "yes"]),
    );
  };
  expect([await labels(1), await labels("no"), await labels(null)]).toEqual([
    ...[["yes"], ["no"], [undefined]],
  ]);
  for (const odd of [2, "maybe", true, []]) await expect(labels(odd)).rejects.toThrow("line 1 has");
});

it("CLEVR's scenes count objects", async () => {
  const scene = (name: string, objects: number): object => ({
    image_filename: name,
    objects: Array.from({ length: objects }, () => ({ shape: 'a "cube" {' })),
  });
  const scenes = { info: { split: "val" }, scenes: [scene("a.png", 3), scene("b.png", 10)] };
  const path = await put("clevr/scenes.json", JSON.stringify(scenes));
  await put("clevr/a.png", "an image");
  await put("clevr/b.png", "an image");
  const classes = ["3", "4", "5", "6", "7", "8", "9", "10"];
  expect(await labelsOf(await clevrCounts(path, place("clevr"), classes))).toEqual(["3", "10"]);
  await put("clevr/scenes.json", JSON.stringify({ scenes: [scene("a.png", 2)] }));
  await expect(clevrCounts(path, place("clevr"), classes)).rejects.toThrow(
    "scene 0, has 2 objects",
  );
  await put("clevr/scenes.json", JSON.stringify(scenes).slice(0, 150));
  await expect(clevrCounts(path, place("clevr"), classes)).rejects.toThrow("ends within its list");
});

describe("the objects of a JSON list", () => {
  const itemsOf = async (text: string, name?: string): Promise<unknown[]> => {
    const items: unknown[] = [];
    for await (const item of jsonItems(await put("list.json", text), name)) items.push(item);
    return items;
  };

  it("are found among other lists, across pieces of the file", async () => {
    const list = Array.from({ length: 3000 }, (_, id) => ({
      id,
      text: `\\" }]{[ ${"x".repeat(200)}`,
    }));
    const value = { other: [{ id: -1 }], list, more: { list: [{ id: -2 }] } };
    expect(await itemsOf(JSON.stringify(value, undefined, 1), "list")).toEqual(list);
    expect(await itemsOf(JSON.stringify(list))).toEqual(list);
  });

  it.each([
    ['{"a": [{}]}', "list", "has no list named list"],
    ['{"list": []}', "list", "with objects in it"],
    ['{"list": [{"a": 1}, {"b"', "list", "after 1 objects"],
    ['{"list": [{"a": 1}, {b}]}', "list", "after 1 objects"],
    ["", undefined, "has no list"],
  ])("are refused in %j", async (text, name, reason) => {
    await expect(itemsOf(text, name)).rejects.toThrow(reason);
  });
});

it("KITTI's nearest vehicle has one of four distances", async () => {
  const line = (type: string, z: number): string => `${type} 0 0 0 1 2 3 4 1 1 1 0 1 ${z} 0`;
  const labels = [
    [line("Car", 25), line("Van", 8)],
    [line("Car", 20), line("Pedestrian", 1)],
    [line("Truck", 20.1), "DontCare -1 -1 -10 1 2 3 4 -1 -1 -1 -1000 -1000 -1000 -10"],
    [line("Tram", 3)],
  ];
  for (const [index, lines] of labels.entries()) {
    await put(`kitti/image_2/00000${index}.png`, "an image");
    await put(`kitti/label_2/00000${index}.txt`, `${lines.join("\n")}\n`);
  }
  const found = await kittiDistances(place("kitti"), classNames(4));
  expect(found.map(({ label }) => label)).toEqual(["c0", "c1", "c2", "c3"]);
  await put("kitti/label_2/000003.txt", "Car 0 0");
  await expect(kittiDistances(place("kitti"), [])).rejects.toThrow("000003.txt, line 1: expected");
  await put("kitti/image_2/000004.png", "an image");
  await put("kitti/label_2/000003.txt", "");
  await expect(kittiDistances(place("kitti"), [])).rejects.toThrow("000004.txt cannot be read");
});

it("NumPy's random choice is reproduced", () => {
  const { videos, ...chosen } = JSON.parse(
    readFileSync(golden("numpy-random.json"), "utf8"),
  ) as Record<"videos" | "test" | "validation", string[]>;
  const random = new NumpyRandom(123);
  const test = random.choose(videos, 7);
  const others = videos.filter((video) => !test.includes(video));
  expect({ test, validation: random.choose(others, 7) }).toEqual(chosen);
});

it("ImageNet's validation labels are numbers of the development kit", async () => {
  for (const number of [1, 2, 3]) await put(`val/ILSVRC2012_val_0000000${number}.JPEG`, "image");
  const kit = golden("mat");
  const copy = readFileSync(join(kit, "meta.mat"));
  await mkdir(place("kit"), { recursive: true });
  await writeFile(place("kit/meta.mat"), copy);
  const truth = "kit/ILSVRC2012_validation_ground_truth.txt";
  await put(truth, "1\n2\n1\n");
  const open = (): ReturnType<typeof imageNetValidation> =>
    imageNetValidation(place("val"), place("kit"), ["first", "second"]);
  const source = await open();
  expect(await labelsOf(source)).toEqual(["second", "first", "second"]); // n02 is number 1
  await put(truth, "1\n\n2\n3\n");
  await expect(open()).rejects.toThrow("line 4: 3 is no class");
  await put(truth, "1\n2\n");
  await expect(open()).rejects.toThrow("3 images, but");
});

it("UCF101's clips are images of their names, or need ffmpeg", async () => {
  await put("ucf/Archery/v_Archery_g01_c01.jpg", "a frame");
  await put("ucf/Hand_Stand/x.txt", "");
  const list = await put("list.txt", "Archery/v_Archery_g01_c01.avi 3\nHandStand/v_H.avi\n");
  const source = await ucf101Frames(list, place("ucf"), ["Archery", "Hand Stand"]);
  expect(source.samples).toBe(2);
  expect(await labelsOf(source)).toEqual(["Archery"]);
  await put("ucf/Hand_Stand/v_H.avi", "no video");
  await expect(labelsOf(source)).rejects.toThrow(/v_H.avi: the middle frame cannot be decoded/);
  await put("list.txt", "\nBowling/v_B.avi 1\n");
  await expect(ucf101Frames(list, place("ucf"), ["Archery", "Hand Stand"])).rejects.toThrow(
    'line 2: "Bowling/v_B.avi 1" is in no folder',
  );
});
