import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { utimes } from "node:fs/promises";
import { join, relative } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../../test/golden/temporary-directory.js";
import { cacheDirectory } from "../../base/cache.js";
import type { Sample } from "../sample.js";
import type { BatchKind } from "../batch/mixture.js";
import type { SourceOptions } from "../formats/source.js";
import { isBlank } from "../text/blank.js";
import { SampleIndex } from "./index-file.js";
import { type IndexedSource, indexSource } from "./source-index.js";

const root = temporaryDirectory();
const newDirectory = (): string => mkdtempSync(join(root, "source-"));
const image = Buffer.from("89504e470d0a1a0a00", "hex");

async function samplesOf(
  { directory, samples }: IndexedSource,
  kind: BatchKind,
): Promise<Sample[]> {
  const index = await SampleIndex.open(directory);
  try {
    const found: Sample[] = [];
    for (let number = samples[kind] - 1; number >= 0; number--) {
      found.unshift(await index.read(kind, number));
    }
    return found;
  } finally {
    await index.close();
  }
}

async function textsOf(path: string, options?: SourceOptions): Promise<string[]> {
  const indexed = await indexSource(path, options);
  return (await samplesOf(indexed, "text")).map(({ texts }) => texts.join());
}

describe("the index of a source", () => {
  it("numbers the samples of each kind, and leaves out what cannot be used", async () => {
    const folder = newDirectory();
    for (const name of ["a.png", "b.png", "c.png"]) writeFileSync(join(folder, name), image);
    const rows = [
      "image,text",
      "a.png,one",
      "b.png,",
      ",three",
      "gone.png,four",
      "c.png,five",
      "x",
    ];
    writeFileSync(join(folder, "table.csv"), rows.join("\n"));
    const indexed = await indexSource(join(folder, "table.csv"));
    expect(indexed.samples).toEqual({ pair: 2, image: 3, text: 3 });
    expect(indexed.usable).toBe(4);
    expect(indexed.skipped.summary(indexed.usable)).toMatch(
      /^2 of 6 samples were left out: 1 has no image, 1 is damaged \(first: table\.csv, line 5: "gone.png" is not in/,
    );
    const pairs = await samplesOf(indexed, "pair");
    expect(pairs.map(({ key, texts }) => [key, ...texts])).toEqual([
      ["0", "one"],
      ["4", "five"],
    ]);
    expect(pairs[0]!.image).toEqual(image);
  });

  it("holds any text of a table as the table does", async () => {
    const text = fc
      .string({ unit: "binary" })
      .filter((each) => Buffer.from(each).toString() === each && !isBlank(each));
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 20 }), async (texts) => {
        const path = join(newDirectory(), "table.jsonl");
        writeFileSync(path, texts.map((each) => `${JSON.stringify({ text: each })}\n`).join(""));
        expect(await textsOf(path)).toEqual(texts);
      }),
      { numRuns: 40 },
    );
  });

  it("is made again if the file, the files of a folder or the options change", async () => {
    const path = join(newDirectory(), "texts.txt");
    writeFileSync(path, "one\n\ntwo\n");
    expect(await textsOf(path, { documents: "paragraphs" })).toEqual(["one", "two"]);
    expect(await textsOf(path)).toEqual(["one\n\ntwo"]);
    appendFileSync(path, "\nthree");
    expect(await textsOf(path, { documents: "paragraphs" })).toEqual(["one", "two", "three"]);
    const folder = newDirectory();
    writeFileSync(join(folder, "a.png"), image);
    expect((await indexSource(folder)).samples.image).toBe(1);
    mkdirSync(join(folder, "more"));
    writeFileSync(join(folder, "more", "b.png"), image);
    expect((await indexSource(folder)).samples.image).toBe(2);
  });

  it("has the same digest for a copy of the data, and another for other data", async () => {
    const [first, copy, other] = await Promise.all(
      ["cat", "cat", "dog"].map(async (text) => {
        const folder = newDirectory();
        writeFileSync(join(folder, "a.png"), image);
        writeFileSync(join(folder, "table.csv"), `image,text\na.png,${text}\n`);
        return (await indexSource(join(folder, "table.csv"))).digest;
      }),
    );
    expect(copy).toBe(first);
    expect(other).not.toBe(first);
  });

  it("is the same for a relative path", async () => {
    const folder = newDirectory();
    writeFileSync(join(folder, "a.png"), image);
    writeFileSync(join(folder, "table.csv"), "image,text\na.png,one\n");
    const path = join(folder, "table.csv");
    const lines: string[] = [];
    const log = (line: string): void => void lines.push(line);
    const at = await indexSource(path, { imageRoot: folder }, { log });
    const imageRoot = relative(process.cwd(), folder);
    const again = await indexSource(relative(process.cwd(), path), { imageRoot }, { log });
    expect(again).toEqual(at);
    expect(lines).toEqual([]);
  });

  it("is made again in another process if images were missing", async () => {
    const folder = newDirectory();
    writeFileSync(join(folder, "a.png"), image);
    writeFileSync(join(folder, "table.csv"), "image,text\na.png,one\nb.png,two\n");
    const path = join(folder, "table.csv");
    const { directory, usable } = await indexSource(path);
    expect(usable).toBe(1);
    writeFileSync(join(folder, "b.png"), image);
    expect((await indexSource(path)).usable).toBe(1); // all stages of a run see the same samples
    const before = new Date(performance.timeOrigin - 1000);
    await utimes(join(directory, "index.json"), before, before);
    expect((await indexSource(path)).usable).toBe(2);
  });

  it("tells of choices of columns each time that it is used, of tables in a folder of images as well", async () => {
    const folder = newDirectory();
    writeFileSync(join(folder, "a.png"), image);
    writeFileSync(join(folder, "table.csv"), "image,caption,title\na.png,cat,Cat\n");
    const told = async (): Promise<string[]> => {
      const lines: string[] = [];
      await indexSource(folder, { onGuess: (line) => lines.push(line.split(",")[0]!) });
      return lines;
    };
    const line = `${join(folder, "table.csv")}: texts are those of the column caption`;
    expect([await told(), await told()]).toEqual([[line], [line]]);
  });

  it("does not remain if making it is interrupted", async () => {
    const path = join(newDirectory(), "lines.txt");
    writeFileSync(path, "line\n".repeat(3000));
    const stop = new AbortController();
    const options = { documents: "lines" } as const;
    const interrupted = indexSource(path, options, {
      signal: stop.signal,
      onProgress: (samples) => {
        if (samples === 2000) stop.abort(new Error("enough"));
      },
    });
    await expect(interrupted).rejects.toThrow("enough");
    const left = readdirSync(join(cacheDirectory(), "indexes"));
    expect(left.filter((name) => name.includes("."))).toEqual([]);
    expect(await textsOf(path, options)).toHaveLength(3000);
  });

  it("says which file cannot be read any more", async () => {
    const folder = newDirectory();
    writeFileSync(join(folder, "a.png"), image);
    const indexed = await indexSource(folder);
    rmSync(join(folder, "a.png"));
    await expect(samplesOf(indexed, "image")).rejects.toThrow(/a\.png cannot be read: ENOENT/);
    writeFileSync(join(indexed.directory, "samples.bin"), "cut");
    await expect(samplesOf(indexed, "image")).rejects.toThrow(/index of folder .* cannot be read/);
  });

  it("is removed if it was not used for a month", async () => {
    const path = join(newDirectory(), "one.txt");
    writeFileSync(path, "one");
    const { directory } = await indexSource(path);
    const before = new Date(Date.now() - 31 * 24 * 60 * 60 * 1000);
    await utimes(directory, before, before);
    const other = join(newDirectory(), "other.txt");
    writeFileSync(other, "other");
    await indexSource(other);
    await expect(SampleIndex.open(directory)).rejects.toThrow("not an index");
  });
});
