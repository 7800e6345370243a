import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryDirectory } from "../../../test/golden/temporary-directory.js";
import { directoriesOf } from "./directories.js";

const root = temporaryDirectory();
for (const path of ["pairs/b/train", "pairs/a/train", "pairs/c/test", "text/a/train"]) {
  mkdirSync(join(root, path), { recursive: true });
}
writeFileSync(join(root, "pairs", "file"), "");
symlinkSync(join(root, "pairs", "c"), join(root, "pairs", "linked"));
symlinkSync(join(root, "pairs", "file"), join(root, "pairs", "a", "test"));

const found = async (...patterns: string[]): Promise<string[]> =>
  (await directoriesOf(root, patterns)).map((path) => path.slice(root.length + 1));

test("a * stands for any one directory; what several patterns name comes once, sorted", async () => {
  expect(await found("pairs/*/train")).toEqual(["pairs/a/train", "pairs/b/train"]);
  expect(await found("text/a/train", "*/a/train")).toEqual(["pairs/a/train", "text/a/train"]);
  expect(await found(join(root, "text", "*"))).toEqual(["text/a"]);
  expect(await found()).toEqual([]);
});

test("links to directories are directories, links to files and files are none", async () => {
  expect(await found("pairs/*/test")).toEqual(["pairs/c/test", "pairs/linked/test"]);
  await expect(found("pairs/file")).rejects.toThrow(/no directory/);
  await expect(found("pairs/a/test")).rejects.toThrow(/no directory/);
});

test("a pattern that stands for nothing is named as it was looked for", async () => {
  await expect(found("pairs/*/train", "images/*")).rejects.toThrow(join(root, "images", "*"));
  const elsewhere = join(root, "nowhere", "*");
  await expect(found(elsewhere)).rejects.toThrow(`no directory ${elsewhere}.`);
});
