import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { temporaryDirectory } from "../../../test/golden/temporary-directory.js";
import { BackgroundCount } from "./background-count.js";
import { openSource } from "./open.js";
import type { SourceOptions } from "./source.js";

const root = temporaryDirectory();
const place = (path: string): string => join(root, path);
const open = (paths: readonly string[], options?: SourceOptions) =>
  openSource(paths.map(place), options);

async function keysAndTexts(
  paths: readonly string[],
  options?: SourceOptions,
): Promise<[string, string | undefined][]> {
  const found: [string, string | undefined][] = [];
  for await (const { key, texts } of (await open(paths, options)).read())
    found.push([key, texts[0]]);
  return found;
}

beforeAll(async () => {
  for (const [path, content] of Object.entries({
    "a/1.png": "x",
    "a/1.txt": "one",
    "a/2.png": "x",
    "b/1.png": "x",
    "words/1.tsv": "text\nhello\n",
    "words/1/2.tsv": "text\nworld\n",
    "other/words.jsonl": '{"text": "more"}\n{"text": "still more"}\n',
  })) {
    await mkdir(dirname(place(path)), { recursive: true });
    await writeFile(place(path), content);
  }
});

it("several data sets are read as one, with distinct keys", async () => {
  expect(await keysAndTexts(["b", "a", "other/words.jsonl"])).toEqual([
    ["b/1", undefined],
    ["a/1", "one"],
    ["a/2", undefined],
    ["other/words/0", "more"],
    ["other/words/1", "still more"],
  ]);
  expect(await keysAndTexts(["words/1.tsv", "words/1/2.tsv"])).toEqual([
    ["1.tsv/0", "hello"],
    ["1/2/0", "world"],
  ]);
  expect(await keysAndTexts(["b", "a"], { maxSamples: 2 })).toHaveLength(2);
});

it("image files are read with the captions beside them, alone or with other data sets", async () => {
  expect(await keysAndTexts(["a/1.png"])).toEqual([["1", "one"]]);
  expect(await keysAndTexts(["a/1.png", "b/1.png"])).toEqual([
    ["a/1", "one"],
    ["b/1", undefined],
  ]);
  expect(await keysAndTexts(["a/1.png", "other"])).toEqual([
    ["a/1", "one"],
    ["other/0", "more"],
    ["other/1", "still more"],
  ]);
});

it("data sets that overlap are refused", async () => {
  await expect(open(["a", "b", "a/"])).rejects.toThrow("a/ is given twice");
  await expect(open(["a/1.png", "a"])).rejects.toThrow(
    /1\.png is inside .*\/a, which is also given/,
  );
  await expect(open([])).rejects.toThrow("No data set is given");
});

it("samples are counted in the background, if the count of every source can be known", async () => {
  const known = new BackgroundCount([await open(["a", "other"]), await open(["b"])]);
  await expect.poll(() => known.total).toBe(5);
  const paragraphs = await open(["a/1.txt"], { documents: "paragraphs" });
  expect(await paragraphs.count()).toBeUndefined();
  const unknown = new BackgroundCount([await open(["a"]), paragraphs]);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(unknown.total).toBeUndefined();
});
