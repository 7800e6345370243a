import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { expect, it } from "vitest";
import { openSource } from "flava/data";
import { temporaryDirectory } from "../../../test/golden/temporary-directory.js";
import { type Candidate, chooseOfClasses, chooseRest, drawnByOthers } from "./choice.js";
import { isFree } from "./credits.js";
import { SampleFolder } from "./folder.js";
import { smallImage } from "./image.js";

const candidate = (key: string, family: string, concept: string): Candidate => ({
  key,
  source: "icons",
  family,
  concept,
});
const cups = [
  candidate("1", "a", "cup"),
  candidate("2", "a", "cup"),
  candidate("3", "b", "cup"),
  candidate("4", "b", "gizmo"),
];
const keys = (candidates: readonly Candidate[]): string =>
  candidates.map(({ key }) => key).join("");

it("prefers different designers to the same one twice", () => {
  expect(keys(chooseOfClasses(cups, ["cup"], 2))).toBe("13");
  expect(keys(chooseOfClasses(cups, ["cup", "fork"], 9))).toBe("132");
});

it("leaves out concepts that only one designer has drawn", () => {
  expect(keys(drawnByOthers(cups))).toBe("123");
});

it("fills up with the remaining candidates", () => {
  expect(keys(chooseRest(cups, { icons: 2 }, new Set([cups[0]!])))).toBe("23");
});

it.each([
  ["MIT", true],
  ["OFL-1.1", true],
  ["CC0-1.0", true],
  ["public domain", true],
  ["CC-BY-4.0", false],
  ["GPL-2+", false],
  ["see package", false],
])("knows whether %s allows redistribution", (license, free) => {
  expect(isFree(license)).toBe(free);
});

it("makes images small and flat", async () => {
  const create = { width: 90, height: 45, channels: 4, background: "#64646480" } as const;
  const small = await smallImage(await sharp({ create }).png().toBuffer());
  const { data, info } = await sharp(small).raw().toBuffer({ resolveWithObject: true });
  expect([info.width, info.height, info.channels]).toEqual([64, 32, 3]);
  expect(data.every((value) => value % 17 === 0)).toBe(true);
});

it("samples that ship with a text or label have their set and license, and colored ones their color", async () => {
  const root = join(import.meta.dirname, "../../../samples/mini-pmd");
  let colored = 0;
  for (const entry of readdirSync(root, { recursive: true, encoding: "utf8" })) {
    if (!/\.(tar|parquet)$/.test(entry)) continue;
    for await (const sample of (await openSource(join(root, entry))).read()) {
      if (sample.texts.length === 0 && sample.label === undefined) continue;
      expect(sample.fields).toMatchObject({
        set: expect.any(String) as string,
        license: expect.any(String) as string,
      });
      if (typeof sample.fields.color === "string") colored++;
    }
  }
  expect(colored).toBeGreaterThan(1000);
});

it("pairs of a table have their set and license, and their authors are credited", async () => {
  const out = temporaryDirectory();
  const folder = new SampleFolder(out);
  await folder.begin();
  const create = { width: 4, height: 4, channels: 3, background: "#fff" } as const;
  const image = new Uint8Array(await sharp({ create }).png().toBuffer());
  const fields = { set: "a", license: "MIT", author: "A", tags: ["dropped"] };
  await folder.addToTable("pairs/icons.parquet", { key: "x", image, texts: ["x", "an x"], fields });
  const [written] = await folder.finish("# Licenses");
  expect(written).toMatchObject({ folder: "pairs/icons.parquet", samples: 1, words: 3 });
  for await (const sample of (await openSource(join(out, "pairs/icons.parquet"))).read()) {
    expect(sample.texts).toEqual(["x", "an x"]);
    expect(sample.fields).toEqual({ set: "a", license: "MIT" });
  }
  expect(await readFile(join(out, "LICENSES.md"), "utf8")).toContain("`a`: MIT, 1 sample; by A");
});

it("the sample keeps license and color from the build", async () => {
  const out = temporaryDirectory();
  const folder = new SampleFolder(out);
  await folder.begin();
  const fields = { set: "a", license: "MIT", author: "A", color: "red", tags: ["dropped"] };
  await folder.add("pairs/icons/train", { key: "x", texts: ["a red x", "x"], fields });
  await folder.finish("# Licenses");
  for await (const sample of (await openSource(join(out, "pairs/icons/train"))).read()) {
    expect(sample.fields).toEqual({ set: "a", license: "MIT", color: "red" });
  }
  expect(await readFile(join(out, "LICENSES.md"), "utf8")).toContain("`a`: MIT, 1 sample; by A");
});
