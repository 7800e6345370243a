import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Sample, openSource } from "flava/data";
import { buildPairs, buildTexts, type StepContext } from "./build-step.js";
import { splitOfFamily } from "./families.js";
import { StepFolders } from "./folders.js";
import type { Item, LoneText } from "./item.js";
import { openPackages } from "./packages.js";
import { emptyReport } from "./report.js";

let cache: string;
let context: StepContext;

beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), "flava-build-"));
  const packages = openPackages(cache, { onMessage: () => undefined });
  const folders = new StepFolders(cache, "iconify", 1000);
  context = { packages, folders, report: emptyReport(), size: 32, limit: Infinity };
});
afterEach(() => rm(cache, { recursive: true }));

async function samplesIn(folder: string): Promise<Sample[]> {
  const source = await openSource(join(cache, folder));
  const samples: Sample[] = [];
  for await (const sample of source.read()) samples.push(sample);
  return samples;
}

const icon = (set: string, name: string, path: string): Item => ({
  key: `${set}/${name}`,
  source: "icons",
  set,
  family: set,
  concept: name,
  captions: [name, `${name} icon`],
  drawing: {
    kind: "svg",
    svg: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path fill="currentColor" d="${path}"/></svg>`,
    monochrome: true,
  },
  license: "MIT",
  tags: ["shape"],
});

async function* items(): AsyncGenerator<Item> {
  await Promise.resolve();
  yield icon("carbon", "square", "M4 4h16v16H4z");
  yield icon("invented", "copied square", "M4 4h16v16H4z");
  yield icon("invented", "bar", "M10 2h4v20h-4z");
  yield icon("invented", "nothing", "");
  yield icon("lucide", "square", "M4 4h16v16H4z");
}

describe("a step of pairs", () => {
  it("splits by family, and keeps copies and blanks out of training", async () => {
    const part = { items, split: (item: Item) => splitOfFamily(item.family) };
    await buildPairs({ kind: "pairs", name: "iconify", parts: [part] }, context);
    await context.folders.finish();
    const train = await samplesIn("pairs/icons/train");
    expect(train.map(({ key }) => key)).toEqual(["invented/bar"]);
    expect(train[0]?.texts.slice(0, 2)).toEqual(["bar", "bar icon"]);
    expect(train[0]?.fields).toMatchObject({
      set: "invented",
      concept: "bar",
      license: "MIT",
      tags: ["shape"],
    });
    expect((await samplesIn("pairs/icons/test")).map(({ key }) => key)).toEqual(["carbon/square"]);
    expect(context.report.kept).toEqual({ "pairs/icons/test": 1, "pairs/icons/train": 1 });
    expect(context.report.dropped).toEqual({
      "icons: blank": 1,
      "icons: copy of a held-out image": 1,
    });
  });
});

describe("the folders of a step", () => {
  it("replace former ones only when all is done", async () => {
    const sample = (key: string): Sample => ({ key, texts: ["text"], fields: {} });
    await context.folders.add("text/old/train", sample("a"));
    await context.folders.add("text/kept/train", sample("b"));
    await context.folders.finish();
    const again = new StepFolders(cache, "iconify", 1000);
    await again.begin();
    await again.add("text/kept/train", sample("c"));
    expect((await samplesIn("text/kept/train")).map(({ key }) => key)).toEqual(["b"]);
    await again.finish(["text/old/train", "text/kept/train"]);
    expect((await samplesIn("text/kept/train")).map(({ key }) => key)).toEqual(["c"]);
    expect(existsSync(join(cache, "text/old/train"))).toBe(false);
    expect(existsSync(join(cache, ".building"))).toBe(false);
  });
});

async function* texts(): AsyncGenerator<LoneText> {
  await Promise.resolve();
  for (let number = 0; number < 300; number++) {
    yield {
      key: `invented/${number}`,
      source: "invented",
      text: `Text ${number}.`,
      license: "CC0-1.0",
    };
  }
  yield { key: "held", source: "invented", text: "Held out.", license: "CC0-1.0", heldOut: true };
}

describe("a step of texts", () => {
  it("holds out whole documents, and leaves out documents of evaluation sets", async () => {
    await buildTexts({ kind: "text", name: "invented", texts }, context);
    await context.folders.finish();
    const [train, validation] = [
      await samplesIn("text/invented/train"),
      await samplesIn("text/invented/validation"),
    ];
    expect(train.length + validation.length).toBe(300);
    expect(validation.length).toBeGreaterThan(0);
    expect(validation.length).toBeLessThan(12);
    expect(context.report.dropped).toEqual({ "invented: an evaluation set uses it": 1 });
  });
});
