import {
  copyFileSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../../../test/golden/temporary-directory.js";
import type { Sample } from "../../sample.js";
import { isBlank } from "../../text/blank.js";
import { openSource } from "../open.js";
import { ShardWriter, archiveKey } from "./shard-writer.js";

const root = temporaryDirectory();
const newDirectory = (): string => mkdtempSync(join(root, "shards-"));
const png = Buffer.from("89504e470d0a1a0a00", "hex");
const sample = (index: number, more: Partial<Sample> = {}): Sample => ({
  key: `folder/${index}`,
  image: Buffer.concat([png, Buffer.alloc(index * 37)]),
  texts: [`caption ${index}`],
  fields: {},
  ...more,
});

async function write(
  directory: string,
  samples: readonly Sample[],
  samplesPerShard = 4,
): Promise<void> {
  const writer = new ShardWriter(directory, { name: "train", samplesPerShard });
  for (const each of samples) await writer.add(each);
  await writer.close();
}

/** All samples, with the keys that they have within their shards. */
async function readAll(directory: string): Promise<Sample[]> {
  const samples: Sample[] = [];
  for await (const sample of (await openSource(directory)).read()) {
    const { path: _, ...rest } = sample;
    samples.push({ ...rest, key: rest.key.replace(/^\w+-\d{5}\//, "") });
  }
  return samples;
}

const tarsIn = (directory: string): string[] =>
  readdirSync(directory)
    .filter((name) => name.endsWith(".tar"))
    .map((name) => join(directory, name));

const plain = (samples: readonly Sample[]): unknown[] =>
  samples.map(({ image, ...rest }) => ({
    ...rest,
    image: image && Buffer.from(image).toString("hex"),
  }));

describe("shards", () => {
  it("return what was written", async () => {
    const directory = newDirectory();
    const samples = Array.from({ length: 30 }, (_, index) => sample(index));
    await write(directory, samples);
    expect(plain(await readAll(directory))).toEqual(plain(samples));
    expect(tarsIn(directory)).toHaveLength(8);
  });

  it("preserve any sample", async () => {
    const key = fc.string({ minLength: 1, maxLength: 130, unit: "grapheme" });
    const arbitrary = fc.record({
      key: key.map((text) => text.replaceAll(/[./\\\p{Cc}]/gu, "_")),
      texts: fc.array(fc.string({ unit: "binary" }).filter((text) => !isBlank(text))),
      fields: fc.dictionary(
        fc.string().filter((name) => name !== "texts" && name !== "label" && name !== "__proto__"),
        fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown),
      ),
    });
    const labels = fc.option(fc.string({ minLength: 1 }), { nil: undefined });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(arbitrary, labels), { maxLength: 6 }), async (drawn) => {
        const directory = newDirectory();
        const samples = drawn.map(([rest, label], index) => ({
          ...rest,
          key: `${index}/${rest.key}`,
          image: png,
          ...(label !== undefined && { label }),
        }));
        await write(directory, samples, 3);
        expect(plain(await readAll(directory))).toEqual(plain(samples));
        rmSync(directory, { recursive: true });
      }),
      { numRuns: 30 },
    );
  });

  it("have the same bytes every time, even if an interrupted job resumes", async () => {
    const [whole, stopped] = [newDirectory(), newDirectory()];
    const samples = Array.from({ length: 11 }, (_, index) => sample(index));
    await write(whole, samples);
    const first = new ShardWriter(stopped, { name: "train", samplesPerShard: 4 });
    for (const each of samples.slice(0, 6)) await first.add(each);
    await first.discard();
    const second = new ShardWriter(stopped, { name: "train", samplesPerShard: 4 });
    expect(await second.completed()).toBe(4);
    for (const each of samples.slice(4)) await second.add(each);
    await second.close();
    for (const name of ["train-00000.tar", "train-00001.tar", "train-00002.tar", "shards.json"])
      expect(readFileSync(join(stopped, name)).equals(readFileSync(join(whole, name)))).toBe(true);
  });

  it("end at the byte limit, and accept unawaited samples", async () => {
    const directory = newDirectory();
    const writer = new ShardWriter(directory, { name: "x", bytesPerShard: 6000 });
    const samples = Array.from({ length: 9 }, (_, index) => sample(index, { key: "same" }));
    await Promise.all(samples.map((each) => writer.add(each)));
    await writer.close();
    for (const path of tarsIn(directory)) expect(statSync(path).size).toBeLessThanOrEqual(6000);
    const keys = (await readAll(directory)).map(({ texts }) => texts[0]);
    expect(keys).toEqual(samples.map(({ texts }) => texts[0]));
  });

  it("are read whether or not shards.json matches the files", async () => {
    const directory = newDirectory();
    await write(
      directory,
      [0, 1, 2, 3, 4, 5].map((index) => sample(index)),
    );
    copyFileSync(join(directory, "train-00001.tar"), join(directory, "train-00000.tar"));
    expect(await readAll(directory)).toHaveLength(4);
    rmSync(join(directory, "shards.json"));
    expect(await readAll(directory)).toHaveLength(4);
    truncateSync(join(directory, "train-00000.tar"), 600);
    await expect(readAll(directory)).rejects.toThrow(/train-00000.tar, byte 0.*only 88 follow/);
  });

  it("are an empty data set if none was written", async () => {
    const directory = newDirectory();
    await write(directory, []);
    expect(await readAll(directory)).toEqual([]);
  });

  it("are refused if the list is wrong", async () => {
    const directory = newDirectory();
    await write(directory, [sample(0)]);
    const list = join(directory, "shards.json");
    const text = readFileSync(list, "utf8");
    writeFileSync(list, text.replace("train-00000.tar", "../train.tar"));
    await expect(readAll(directory)).rejects.toThrow("a file name that ends in .tar");
    writeFileSync(list, text.replace("train-00000.tar", "train-00009.tar"));
    await expect(readAll(directory)).rejects.toThrow("train-00009.tar, which is missing");
    await expect(new ShardWriter(directory, { name: "val" }).completed()).rejects.toThrow(
      "a directory of their own",
    );
  });

  it.each(["/a", "a//b", "../a", "a/../b", "", "a/"])("refuse key %j", (key) => {
    expect(() => archiveKey(key)).toThrow("cannot be a key");
  });

  it("take dots out of keys", () => {
    expect(archiveKey("v1.0/photo.small.x")).toBe("v1.0/photo_small_x");
  });

  it("refuse samples that cannot be restored, and continue", async () => {
    const directory = newDirectory();
    const writer = new ShardWriter(directory, { name: "x" });
    const bad: Partial<Sample>[] = [
      { image: Buffer.from("hello") },
      { image: Buffer.alloc(0) },
      { fields: { label: "x" } },
      { fields: { size: 3n } },
    ];
    for (const more of bad) await expect(writer.add(sample(0, more))).rejects.toThrow(/0/);
    await expect(writer.add({ key: "k", texts: [""], fields: {} })).rejects.toThrow("neither");
    await writer.add(sample(1));
    await writer.close();
    expect(await readAll(directory)).toHaveLength(1);
  });
});
