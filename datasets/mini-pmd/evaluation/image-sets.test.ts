import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ShardWriter } from "flava/data";
import type { Packages } from "../packages.js";
import { type BuiltPair, builtSamples } from "./built-pairs.js";
import type { EvaluationContext } from "./context.js";
import { buildRetrievalSets, onePerConcept } from "./retrieval-sets.js";
import type { SetReport } from "./set-folder.js";
import { readTrainConcepts } from "./train-concepts.js";
import { buildZeroShotSets } from "./zero-shot-sets.js";

let cache: string;
let context: EvaluationContext;
let image: Uint8Array;

async function writePairs(
  folder: string,
  pairs: readonly (readonly [set: string, concept: string, style?: string])[],
): Promise<void> {
  const writer = new ShardWriter(join(cache, folder), { name: "pairs" });
  for (const [index, [set, concept, style]] of pairs.entries()) {
    const fields = { set, family: set, concept, license: "MIT", tags: [], ...(style && { style }) };
    await writer.add({
      key: `${set}/${index}`,
      image,
      texts: [concept, `${concept} icon`],
      fields,
    });
  }
  await writer.close();
}

async function collect(reports: AsyncGenerator<SetReport>): Promise<SetReport[]> {
  const all: SetReport[] = [];
  for await (const report of reports) all.push(report);
  return all;
}

beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), "evaluation-"));
  const blank = { width: 4, height: 4, channels: 3, background: "#fff" } as const;
  image = await sharp({ create: blank }).webp().toBuffer();
  const hands = ["a", "b", "c", "d", "e"];
  await writePairs("pairs/icons/train", [
    ...hands.map((set) => [set, "kettle"] as const),
    ...hands.slice(1).map((set) => [set, "spoon"] as const),
    ...hands.map((set) => [set, "log out"] as const),
  ]);
  await writePairs("pairs/icons/test", [
    ["ph", "kettle", "bold"],
    ["ph", "kettle"],
    ["ph", "spoon"],
    ["ph", "log out"],
    ["ph", "gizmo"],
  ]);
  context = {
    cache,
    directory: join(cache, "evaluation"),
    packages: {} as Packages,
    concepts: await readTrainConcepts(cache),
    nouns: new Set(["kettle", "spoon"]),
    onMessage: () => undefined,
  };
});

afterAll(() => rm(cache, { recursive: true }));

describe("zero-shot sets", () => {
  it("use nouns drawn by five houses", async () => {
    const reports = await collect(buildZeroShotSets(context));
    expect(reports.map(({ name, samples }) => [name, samples])).toEqual([
      ["zero-shot-ph", { test: 2 }],
      ["zero-shot-icons", { test: 2 }],
    ]);
    const folder = join(context.directory, "zero-shot-ph");
    const { classes } = JSON.parse(await readFile(join(folder, "classes.json"), "utf8")) as {
      classes: string[];
    };
    expect(classes).toEqual(["kettle"]);
    for await (const { label, texts } of builtSamples(folder))
      expect([label, texts]).toEqual(["kettle", []]);
  });
});

describe("retrieval sets", () => {
  it("mark concepts seen in training", async () => {
    const [report] = await collect(buildRetrievalSets(context));
    expect(report?.counts).toEqual({ seen: 3, unseen: 1 });
    const seen: [unknown, unknown][] = [];
    for await (const { fields } of builtSamples(join(context.directory, "retrieval-ph")))
      seen.push([fields.concept, fields.seen]);
    expect(seen).toEqual([
      ["kettle", true],
      ["spoon", true],
      ["log out", true],
      ["gizmo", false],
    ]);
  });

  it("take the ordinary style of a concept, in any position", () => {
    const pair = (key: string, style?: string): BuiltPair => ({
      key,
      source: "icons",
      image,
      texts: ["kettle"],
      fields: { set: "ph", family: "ph", concept: "kettle", license: "MIT", tags: [], style },
    });
    const pairs = [pair("a", "bold"), pair("b"), pair("c"), pair("d", "thin")];
    expect(onePerConcept(pairs).map(({ key }) => key)).toEqual(["b"]);
  });
});
