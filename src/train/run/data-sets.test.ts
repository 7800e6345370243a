import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryDirectory } from "../../../test/golden/temporary-directory.js";
import type { DataSetRecipe } from "../../configs/data-set.js";
import { dataSetsOf } from "./data-sets.js";

const root = temporaryDirectory();
for (const path of ["pairs/b/train", "pairs/a/train", "pairs/c/test", "text/a/train"]) {
  mkdirSync(join(root, path), { recursive: true });
}
for (const name of ["one.csv", "two.csv", ".hidden.csv"]) {
  writeFileSync(join(root, "pairs", name), "");
}
symlinkSync(join(root, "pairs", "c"), join(root, "pairs", "linked"));
symlinkSync(join(root, "pairs", "one.csv"), join(root, "pairs", "a", "test"));

const found = async (...entries: DataSetRecipe[]): Promise<string[]> =>
  (await dataSetsOf(root, entries)).map(({ name }) => name);

test("a * stands for any one directory; what several patterns name comes once, sorted", async () => {
  expect(await found("pairs/*/train")).toEqual(["pairs/a/train", "pairs/b/train"]);
  expect(await found("pairs/*")).toEqual(["pairs/a", "pairs/b", "pairs/c", "pairs/linked"]);
  expect(await found("text/a/train", "*/a/train")).toEqual(["pairs/a/train", "text/a/train"]);
  expect(await found(join(root, "text", "*"))).toEqual(["text/a"]);
  expect(await found()).toEqual([]);
});

test("within a name, a * stands for any part of it", async () => {
  expect(await found("pairs/*.csv")).toEqual(["pairs/one.csv", "pairs/two.csv"]);
  expect(await found("pairs/t*.csv", "pairs/one.csv")).toHaveLength(2);
  expect(await found("pairs/shard-{0..9}.tar")).toEqual(["pairs/shard-{0..9}.tar"]);
});

test("options go to the data set, and names set two readings of one apart", async () => {
  const path = "pairs/one.csv";
  expect(await dataSetsOf(root, [{ path, textColumn: "title", separator: ";" }])).toEqual([
    {
      name: path,
      path: join(root, path),
      options: { columns: { texts: ["title"] }, separator: ";" },
    },
  ]);
  const other = { path, textColumn: ["a", "b"] };
  await expect(found(path, other)).rejects.toThrow(/Two data sets are named "pairs\/one.csv"/);
  expect(await found(path, { ...other, name: "other" })).toEqual([path, "other"]);
});

test("a pattern that stands for nothing is named as it was looked for", async () => {
  await expect(found("pairs/*/train", "images/*")).rejects.toThrow(join(root, "images", "*"));
  const elsewhere = join(root, "nowhere", "*");
  await expect(found(elsewhere)).rejects.toThrow(`nothing at ${elsewhere}.`);
});
