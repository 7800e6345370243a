/** The batches of a run: the same for any number of threads, and after resuming from any cursor. */
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BatchReaderOptions } from "../src/data/batch/batch-reader.js";
import type { CollatedBatch } from "../src/data/batch/collate.js";
import { Loader, type NextBatch } from "../src/data/batch/loader.js";
import { Mixture, type MixtureCursor, type MixtureOptions } from "../src/data/batch/mixture.js";
import {
  type SampleSet,
  type SampleSets,
  indexesOf,
  openSampleSet,
  sizesOf,
} from "../src/data/batch/sample-set.js";
import { openSource } from "../src/data/formats/open.js";
import { openVocabulary } from "../src/data/text/vocabulary.js";
import { cacheDirectory } from "../src/base/cache.js";
import { models } from "../src/configs/models.js";
import { fittedProcessor } from "../src/data/image/fitted-processor.js";
import { fileServer } from "./file-server.js";
import { writeShapes } from "./shapes.js";

const server = await fileServer();

let root: string;

interface Options extends BatchReaderOptions {
  readonly mixture: MixtureOptions;
}
let options: Options;
type Next = NextBatch<CollatedBatch>;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "flava-loader-"));
  await writeShapes(join(root, "here"));
  options = await optionsAt(join(root, "here"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function optionsAt(root: string): Promise<Options> {
  const [shapes, words] = [join(root, "pairs/shapes/train"), join(root, "text/words/train")];
  const pairs = await openSampleSet(shapes, relative(root, shapes));
  return optionsOf({ pair: [pairs], image: [pairs], text: [await openSampleSet(words, "words")] });
}

/** The shapes of `root`, at the server. */
async function remoteOptions(): Promise<Options> {
  const setAt = async (folder: string, name: string): Promise<SampleSet> => {
    const shard = `${folder}/${name}-00000.tar`;
    server.files.set(`/${shard}`, await readFile(join(root, "here", shard)));
    return openSampleSet(`${server.url}/${shard}`, name === "words" ? name : folder);
  };
  const pairs = await setAt("pairs/shapes/train", "shapes");
  return optionsOf({
    pair: [pairs],
    image: [pairs],
    text: [await setAt("text/words/train", "words")],
  });
}

/** A table of captions, a folder of images and a text file. */
async function looseOptions(): Promise<Options> {
  const folder = join(root, "loose");
  await mkdir(folder);
  const shards = await openSource(join(root, "here/pairs/shapes/train"));
  const lines = ["file,words"];
  for await (const sample of shards.read()) {
    await writeFile(join(folder, `${sample.key}.png`), sample.image!);
    lines.push(`${sample.key}.png,${sample.texts.join(" or ")}`);
  }
  await writeFile(join(folder, "captions.csv"), lines.join("\n"));
  const paragraphs = lines.map((line) => line.replace(/.*,/, ""));
  await writeFile(join(folder, "words.txt"), paragraphs.join("\n\n"));
  const columns = { image: "file", texts: ["words"] };
  const documents = "paragraphs";
  return optionsOf({
    pair: [await openSampleSet(join(folder, "captions.csv"), "captions", { columns })],
    image: [await openSampleSet(folder, "images", { columns })],
    text: [await openSampleSet(join(folder, "words.txt"), "words", { documents })],
  });
}

async function optionsOf(sets: SampleSets): Promise<Options> {
  return {
    indexes: indexesOf(sets),
    vocabulary: await openVocabulary(),
    batch: {
      processor: fittedProcessor(models.tiny),
      views: { flip: 0.5 },
      captions: { lengths: [8, 16], masked: 0.15, unit: "word" },
      texts: { lengths: [16, 32], masked: 0.15, unit: "piece" },
    },
    mixture: {
      seed: 3,
      batch: { pair: 6, image: 4, text: 5 },
      shares: { pair: 1, image: 1, text: 1 },
      sets: sizesOf(sets),
      temperature: 1,
      mismatched: 0.3,
    },
  };
}

interface Changes extends Partial<Options> {
  readonly workers?: number;
  readonly cursor?: MixtureCursor;
}

async function take(count: number, changes: Changes = {}): Promise<Next[]> {
  const { mixture, cursor, workers = 0, ...reading } = { ...options, ...changes };
  const loader = await Loader.open({
    planner: new Mixture(mixture, cursor),
    reader: "pretraining",
    options: reading,
    workers,
  });
  const batches: Next[] = [];
  for (let i = 0; i < count; i++) batches.push(await loader.next());
  await loader.close();
  return batches;
}

describe("Loader", () => {
  it("gives the same batches with any number of threads", async () => {
    const alone = await take(8);
    expect(new Set(alone.map(({ batch }) => batch.kind)).size).toBe(3);
    expect(await take(8, { workers: 2 })).toEqual(alone);
  });

  it("gives the same batches of tables, folders and texts, with any number of threads", async () => {
    const loose = await looseOptions();
    const alone = await take(8, loose);
    expect(new Set(alone.map(({ batch }) => batch.kind)).size).toBe(3);
    const { cursor } = alone[1]!;
    expect(await take(6, { ...loose, cursor, workers: 1 })).toEqual(alone.slice(2));
  });

  it("gives the same batches of shards at URLs, also over connections that break", async () => {
    const local = await take(6);
    const remote = await remoteOptions();
    const blocks = join(cacheDirectory(), "remote");
    await rm(blocks, { recursive: true });
    server.mischief.push("resets", "is busy");
    expect(await take(6, { ...remote, workers: 2 })).toEqual(local);
    await rm(blocks, { recursive: true });
    expect(await take(3, { ...remote, cursor: local[2]!.cursor })).toEqual(local.slice(3));
  });

  it("resumes from the cursor of any batch", async () => {
    const whole = await take(6);
    const cursor = JSON.parse(JSON.stringify(whole[2]!.cursor)) as MixtureCursor;
    expect(await take(3, { cursor })).toEqual(whole.slice(3));
  });

  it("gives the same batches for any location of the data, and resumes after they were moved", async () => {
    const elsewhere = join(root, "somewhere", "else");
    await cp(join(root, "here"), elsewhere, { recursive: true });
    const [here, there] = [await take(6), await take(6, await optionsAt(elsewhere))];
    expect(there).toEqual(here);
    const { cursor } = here[3]!;
    expect(await take(2, { ...(await optionsAt(elsewhere)), cursor })).toEqual(here.slice(4));
  });

  it("gives every sample once before repeating any", async () => {
    const only = { pair: 1, image: 0, text: 0 };
    const mixture = { ...options.mixture, shares: only, mismatched: 0 };
    const texts = (batches: Next[]): string[] =>
      batches.flatMap(({ batch }) => {
        if (batch.kind !== "pair") return [];
        const length = batch.ids.length / 6;
        return [0, 1, 2, 3, 4, 5].map((row) =>
          batch.ids.slice(row * length, row * length + 8).join(),
        );
      });
    const first = texts(await take(5, { mixture })); // 30 samples, each with one of two captions
    const shapes = first.map((ids) => ids.replace(/,1037,/, ","));
    expect(new Set(shapes).size).toBeGreaterThanOrEqual(30);
  });

  it("never pairs an image with a true text in a pair marked as mismatched", async () => {
    const only = { pair: 1, image: 0, text: 0 };
    const mixture = { ...options.mixture, shares: only, mismatched: 0.9 };
    const batches = await take(6, { mixture });
    const matches = batches.flatMap(({ batch }) => (batch.kind === "pair" ? [...batch.match] : []));
    const share = matches.reduce((sum, match) => sum + match, 0) / matches.length;
    expect(share).toBeGreaterThan(0);
    expect(share).toBeLessThan(0.5);
  });

  it("reports a missing index", async () => {
    const indexes = { ...options.indexes, pair: [join(root, "nothing")] };
    await expect(take(1, { indexes })).rejects.toThrow(/nothing is not an index/);
  });

  it("reports what ended its threads for each batch, and closes", async () => {
    const { mixture, ...reading } = options;
    const loader = await Loader.open({
      planner: new Mixture(mixture),
      reader: "missing" as "pretraining",
      options: reading,
      workers: 1,
    });
    for (let i = 0; i < 4; i++) await expect(loader.next()).rejects.toThrow("not a function");
    await loader.close();
  }, 5000);
});
