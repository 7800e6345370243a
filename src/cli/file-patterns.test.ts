import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { temporaryDirectory } from "../../test/golden/temporary-directory.js";
import { expandFilePatterns } from "./file-patterns.js";
import { readLabels } from "./labels.js";

const root = temporaryDirectory();
const expand = async (...patterns: string[]): Promise<string[]> => {
  const found = await expandFilePatterns(patterns.map((pattern) => `${root}/${pattern}`));
  return found.map((file) => file.slice(root.length + 1));
};

beforeAll(async () => {
  for (const path of [
    "a/1.png",
    "a/b/2.png",
    "a/b/.3.png",
    "c-d/4.png",
    "c-d/5.jpg",
    "w[1]*.png",
  ]) {
    await mkdir(join(root, path, ".."), { recursive: true });
    await writeFile(join(root, path), "");
  }
});

it("wildcards match within a name, ** in any directory, neither hidden files", async () => {
  expect(await expand("a/*.png")).toEqual(["a/1.png"]);
  expect(await expand("*/?.png")).toEqual(["a/1.png", "c-d/4.png"]);
  expect(await expand("**/*.png")).toEqual(["a/1.png", "a/b/2.png", "c-d/4.png", "w[1]*.png"]);
  expect(await expand("a/**/?.*g")).toEqual(["a/1.png", "a/b/2.png"]);
  expect(await expand("w[1]*.png", "c-d/4.png", "missing.png")).toEqual([
    "w[1]*.png",
    "c-d/4.png",
    "missing.png",
  ]);
  await expect(expand("a/*.gif")).rejects.toThrow(`No file matches ${root}/a/*.gif.`);
  await expect(expand("nowhere/*")).rejects.toThrow("No file matches");
});

it("labels are listed, or the lines of a file, or the names of directories", async () => {
  expect(await readLabels("cat, dog,,")).toEqual(["cat", "dog"]);
  expect(await readLabels(`@${root}`)).toEqual(["a", "c d"]);
  await writeFile(join(root, "labels.txt"), "\uFEFFa cat, asleep\r\n\ndog\n");
  expect(await readLabels(`@${join(root, "labels.txt")}`)).toEqual(["a cat, asleep", "dog"]);
  await expect(readLabels("@nowhere")).rejects.toThrow("cannot be read from nowhere");
  await expect(readLabels(" , ")).rejects.toThrow("gives no label");
});
