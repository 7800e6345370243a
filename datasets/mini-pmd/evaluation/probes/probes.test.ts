/** Images for probes that are drawn, or found among icons. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ShardWriter } from "flava/data";
import type { Packages } from "../../packages.js";
import type { EvaluationContext } from "../context.js";
import { TrainConcepts } from "../train-concepts.js";
import { drawnProbes } from "./drawn-probes.js";
import { labeledByPeople } from "./labeled-by-people.js";
import type { Labeled } from "./probe-recipe.js";

let context: EvaluationContext;

async function writeIcons(part: string, icons: readonly (readonly [string, string])[]) {
  const black = { width: 40, height: 40, channels: 3, background: "#000" } as const;
  const image = await sharp({ create: black }).webp({ lossless: true }).toBuffer();
  const writer = new ShardWriter(join(context.cache, "pairs/icons", part), { name: "icons" });
  for (const [set, concept] of icons) {
    const fields = { set, family: set, concept, license: "MIT", tags: [] };
    await writer.add({ key: `${set}/${concept}`, image, texts: [concept], fields });
  }
  await writer.close();
}

beforeAll(async () => {
  const concepts = new TrainConcepts();
  for (let house = 0; house < 10; house++) concepts.add({ concept: "bell", family: String(house) });
  const cache = await mkdtemp(join(tmpdir(), "probes-"));
  const [nouns, packages] = [new Set(["bell"]), {} as Packages];
  context = { cache, directory: cache, packages, concepts, nouns, onMessage: () => undefined };
  await writeIcons("train", [["a", "bell"]]);
  await writeIcons("test", [
    ["ph", "bell"],
    ["ph", "bell slash"],
    ["ph", "cup"],
    ["carbon", "bell"],
  ]);
});
afterAll(() => rm(context.cache, { recursive: true }));

/** The first images of a set. */
async function some(name: string, count: number): Promise<Labeled[]> {
  const recipe = [...drawnProbes, ...labeledByPeople].find((each) => each.name === name)!;
  const found: Labeled[] = [];
  for await (const each of recipe.images(context)) if (found.push(each) === count) break;
  return found;
}

it.each(["probe-shapes", "probe-textures", "probe-road-signs"])(
  "%s is drawn the same each time, no image twice",
  async (name) => {
    const images = async (): Promise<string[]> =>
      (await some(name, 24)).map(({ sample }) => Buffer.from(sample.image!).toString("base64"));
    const [first, second] = [await images(), await images()];
    expect(second).toEqual(first);
    expect(new Set(first).size).toBe(24);
  },
);

it("counts have as many icons as they say, apart from each other", async () => {
  for (const { label, sample } of await some("probe-counts", 16)) {
    const { data, info } = await sharp(sample.image)
      .grayscale()
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect(blots(data, info.width)).toBe(Number(label));
  }
});

/** The number of dark squares: those of their corners that are top left. */
function blots(gray: Uint8Array, width: number): number {
  const isDark = (at: number): boolean => (gray[at] ?? 255) < 128;
  return gray.reduce(
    (sum, _, at) => sum + (isDark(at) && !isDark(at - 1) && !isDark(at - width) ? 1 : 0),
    0,
  );
}

it("crossed-out icons have their whole ones beside them", async () => {
  const found = await some("probe-crossed-out", 9);
  expect(found.map(({ sample, label, part }) => [sample.key, label, part])).toEqual([
    ["ph/bell", "whole", "test"],
    ["ph/bell slash", "crossed out", "test"],
  ]);
});
