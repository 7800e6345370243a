import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { golden } from "../../../test/golden/tasks/golden-tasks.js";
import { temporaryDirectory } from "../../../test/golden/temporary-directory.js";
import { SkippedSamples } from "../../data/batch/skipped.js";
import type { LabeledSource } from "../../data/labeled-source.js";
import { dtdClasses } from "./classes/dtd.js";
import { food101Classes } from "./classes/food101.js";
import { TaskDataError, findTask, openTask } from "./open-task.js";
import { cifar10 } from "./vision/cifar10.js";
import { dtd } from "./vision/dtd.js";
import { food101 } from "./vision/food101.js";
import { mnist } from "./vision/mnist.js";
import { identityOfTask } from "./task-identity.js";

const folder = temporaryDirectory();
const put = async (path: string, content: string | Uint8Array): Promise<void> => {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), content);
};
const spelled = food101Classes.map((name) => name.replaceAll(" ", "_"));

async function labelsOf(source: LabeledSource, skipped?: SkippedSamples): Promise<unknown[]> {
  const labels: unknown[] = [];
  for await (const { key, target } of source.read(skipped)) labels.push([key, target]);
  return labels;
}

it("finds what is missing, and opens the official files", async () => {
  expect(await findTask(food101, folder)).toMatchObject({
    folder: undefined,
    layout: "official files",
    missing: ["images", "meta/classes.txt", "meta/train.txt", "meta/test.txt"],
  });
  await expect(openTask(food101, folder)).rejects.toThrow(
    /has no folder food101 or food-101 with images.*come from data\.vision\.ee/,
  );
  await put("food-101/images/tacos/1.jpg", "an image");
  await put("food-101/meta/classes.txt", spelled.join("\n"));
  await put("food-101/meta/train.txt", "tacos/1\n");
  await expect(openTask(food101, folder)).rejects.toThrow("lacks meta/test.txt. The files come");
  await expect(openTask(food101, folder, { folder: "gone" })).rejects.toThrow("no folder gone.");
  await put("food-101/meta/test.txt", "tacos/1\ntacos/2\n");
  expect((await findTask(food101, folder)).missing).toEqual([]);

  await expect(openTask(food101, folder)).rejects.toThrow(TaskDataError);
  await expect(openTask(food101, folder)).rejects.toThrow(
    /train: .*train.txt has 1 sample, but the official files have 75,750/,
  );
  const { train, validation, test, layout } = await openTask(food101, folder, { incomplete: true });
  expect([layout, train.length, validation.length, test.length]).toEqual([
    ...["official files", 1, 0, 1],
  ]);
  const target = { kind: "class", label: "tacos" };
  expect(await labelsOf(train[0]![0]!)).toEqual([["tacos/1", target]]);
  const skipped = new SkippedSamples();
  expect(test[0]!.samples).toBe(2);
  expect(await labelsOf(test[0]!, skipped)).toEqual([["tacos/1", target]]);
  expect(skipped.first[0]?.message).toContain("tacos/2.jpg is not there");
});

it("refuses lists of other classes", async () => {
  await put("food-101/meta/test.txt", "tacos/1\npizzas/2\n");
  const open = (): Promise<unknown> => openTask(food101, folder, { incomplete: true });
  await expect(open()).rejects.toThrow('line 2: "pizzas/2" is not in the folder of a class');
  await put("food-101/meta/classes.txt", spelled.slice(1).join("\n"));
  await expect(open()).rejects.toThrow("has 100 classes, but the set has 101");
  await put("food-101/meta/classes.txt", "");
  await expect(open()).rejects.toThrow("classes.txt is empty");
});

it("opens class folders where the official files are not there", async () => {
  await rm(join(folder, "food-101"), { recursive: true });
  for (const part of ["train", "test"])
    for (const name of spelled) await put(`food101/${part}/${name}/a.jpg`, name);
  await put("food101/test/tacos/b.txt", "no image");
  const { test, layout } = await openTask(food101, folder, { incomplete: true });
  expect(layout).toBe("class folders");
  expect(test[0]!.samples).toBe(101);
  expect((await labelsOf(test[0]!))[100]).toEqual([
    "waffles/a",
    { kind: "class", label: "waffles" },
  ]);
  await rm(join(folder, "food101/test/tacos"), { recursive: true });
  await expect(openTask(food101, folder, { incomplete: true })).rejects.toThrow(
    "has 100 classes, but the set has 101",
  );
});

it("tells tar shards and Parquet from class folders, and identifies them by all of their files", async () => {
  const shard = await readFile(golden("wds/train/0.tar"));
  for (const part of ["train", "test"]) {
    await put(`mnist/${part}/nshards.txt`, "2\n");
    for (const name of ["0", "1"]) await put(`mnist/${part}/${name}.tar`, shard);
  }
  const opened = await openTask(mnist, folder, { incomplete: true });
  expect([opened.layout, opened.test[0]?.samples]).toEqual(["tar shards of CLIP_benchmark", 4]);
  const identity = async () => identityOfTask(await findTask(mnist, folder));
  const before = await identity();
  expect(await identity()).toBe(before);
  await put("mnist/test/1.tar", shard.subarray(0, 3 * 512));
  expect(await identity()).not.toBe(before);

  for (const part of ["train", "test"]) await put(`cifar10/${part}/0000.parquet`, "rows");
  expect(await findTask(cifar10, folder)).toMatchObject({
    ...{ layout: "Parquet of Hugging Face", missing: [] },
  });
});

it("keeps layouts with and without a validation part apart", async () => {
  for (const part of ["train", "test"])
    for (const name of dtdClasses) await put(`dtd/${part}/${name}/a.jpg`, name);
  const options = { incomplete: true };
  const joined = await openTask(dtd, folder, options);
  expect([joined.layout, joined.validation.length]).toEqual([
    "class folders without a validation part",
    0,
  ]);
  expect(joined.oddParts[0]).toMatch(/train has 47 samples, .* have 1,880 or 3,760\./);
  for (const name of dtdClasses) await put(`dtd/val/${name}/a.jpg`, name);
  const apart = await openTask(dtd, folder, options);
  expect([apart.layout, apart.validation[0]?.samples]).toEqual(["class folders", 47]);
});
