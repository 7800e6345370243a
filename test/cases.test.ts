/** Files as other tools and people write them: each is read, or refused with the true reason. See cases/README.md. */
import { copyFileSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { SkippedSamples } from "../src/data/batch/skipped.js";
import { openSource } from "../src/data/formats/open.js";
import type { SourceOptions } from "../src/data/formats/source.js";
import { decodeImage } from "../src/data/image/decode.js";
import { ImageError } from "../src/data/image/image-error.js";
import type { Sample } from "../src/data/sample.js";
import { temporaryDirectory } from "./golden/temporary-directory.js";

const cases = join(import.meta.dirname, "cases");

interface Result {
  /** Samples whose images decode, or that have none. */
  readonly samples: readonly Sample[];
  readonly keys: readonly string[];
  readonly texts: readonly (readonly string[])[];
  readonly skipped: SkippedSamples;
  readonly summary: string;
}

/** Reads a case to the end and decodes its images, as `flava embed` does. */
async function read(path: string, options?: SourceOptions): Promise<Result> {
  const skipped = new SkippedSamples();
  const samples: Sample[] = [];
  const source = await openSource(resolve(cases, path), options);
  for await (const sample of source.read(skipped)) {
    try {
      if (sample.image) await decodeImage(sample.image);
      samples.push(sample);
    } catch (error) {
      if (!(error instanceof ImageError)) throw error;
      skipped.add(sample, error.reason, error.message);
    }
  }
  const keys = samples.map(({ key }) => key);
  expect(new Set(keys).size).toBe(keys.length);
  const texts = samples.map((sample) => sample.texts);
  return { samples, keys, texts, skipped, summary: skipped.summary(samples.length) };
}

const withImages = ({ samples }: Result): number => samples.filter(({ image }) => image).length;

describe("tables", () => {
  it.each(["jsonl-first-lacks", "jsonl-first-has"])("%s: columns row by row", async (name) => {
    const { keys, texts } = await read(name);
    expect([keys, texts]).toEqual([
      ["a", "b", "c"],
      [[], ["a blue thing"], ["a green thing"]],
    ]);
  });

  it.each<[string, string[][]]>([
    [
      "inch.csv",
      [['a 12" ruler on a desk'], ['the "C" street sign'], ["plain, quoted"], ['"quoted" start']],
    ],
    ["tabs.csv", [["a blue thing"], ["a red thing"]]],
    ["semicolon.csv", [["a blue thing"], ["a red thing"]]],
    ["utf16.csv", [["ein schönes Bild"]]],
    ["pandas-index.csv", [["a blue thing"], ["a red thing"]]],
    ["pandas.tsv", [['He said "hi" to me'], ["plain"]]],
    ["trailing.csv", [["a blue thing"], ["a red thing"]]],
    ["backslash.csv", [["a blue thing"]]],
    ["bom-crlf.csv", [["line one\r\nline two"], ["second"]]],
    ["../bom.jsonl", [["one"], ["zwei 🐱\n\ttab"]]],
    [
      "../flickr8k-flat/captions.txt",
      [["A thing is blue ."], ["Blue , it is ."], ["A thing is red ."], ["Red ."]],
    ],
  ])("%s", async (name, texts) => {
    const result = await read(join("csv", name));
    expect([result.summary, result.texts]).toEqual(["", texts]);
    expect(withImages(result)).toBe(texts.length);
  });

  it("latin1.csv: names the encoding", async () => {
    const { samples, summary } = await read("csv/latin1.csv");
    expect(samples).toEqual([]);
    expect(summary).toMatch(/^1 of 1 sample was left out: 1 is damaged .*UTF-8.*Latin-1/);
  });

  it("use given columns and separators", async () => {
    const columns = { image: "filepath", texts: ["title"] };
    const result = await read("csv/semicolon.csv", { columns, separator: ";" });
    expect(result.texts).toEqual([["a blue thing"], ["a red thing"]]);
    const swapped = { columns: { texts: ["filepath"] } };
    expect((await read("csv/tabs.csv", swapped)).texts).toEqual([["a.jpg"], ["b.jpg"]]);
    const unknown = read("csv/tabs.csv", { columns: { image: "photo" } });
    await expect(unknown).rejects.toThrow("no column photo; its columns are filepath, title");
  });
});

describe("paths to images", () => {
  const folder = mkdtempSync(join(temporaryDirectory(), "paths-"));
  const table = (name: string, image: string): string => {
    const path = join(folder, name);
    writeFileSync(path, `filepath,title\n${image},a thing\n`);
    return path;
  };
  const absolute = table("absolute.csv", join(cases, "csv/a.jpg"));

  it("lead out of a table's folder only where a root is given", async () => {
    const { samples, summary } = await read(absolute);
    expect(samples).toEqual([]);
    expect(summary).toMatch(/a\.jpg" is outside of .*paths-.*--image-root/);
    for (const imageRoot of ["/", cases, join(cases, "csv")]) {
      const found = await read(absolute, { imageRoot });
      expect([found.summary, found.texts]).toEqual(["", [["a thing"]]]);
      expect(found.samples[0]?.path).toBe(join(cases, "csv/a.jpg"));
    }
    const elsewhere = await read(absolute, { imageRoot: join(cases, "flickr8k") });
    expect(elsewhere.summary).toMatch(/is outside of .*flickr8k/);
    const above = await read(table("above.csv", "../a.jpg"), { imageRoot: join(cases, "csv/sub") });
    expect(above.summary).toMatch(/is outside of .*sub/);
  });

  it("are relative to the root, for tables alone or in a folder of images", async () => {
    const relative = table("relative.csv", "csv/a.jpg");
    expect((await read(relative)).summary).toContain("is not in");
    expect((await read(relative, { imageRoot: cases })).texts).toEqual([["a thing"]]);
    const mixed = mkdtempSync(join(temporaryDirectory(), "mixed-"));
    copyFileSync(join(cases, "csv/b.jpg"), join(mixed, "b.jpg"));
    const rows = [join(mixed, "b.jpg"), join(cases, "csv/a.jpg")];
    writeFileSync(join(mixed, "all.csv"), `filepath,title\n${rows.join(",x\n")},y\n`);
    expect((await read(mixed)).texts).toEqual([["x"]]);
    const { texts } = await read(mixed, { imageRoot: "/" });
    expect(texts.toSorted()).toEqual([["x"], ["y"]]);
  });
});

describe("folders", () => {
  it.each(["flickr8k", "flickr8k-flat"])("%s: captions of images in any folder", async (name) => {
    const { texts, summary } = await read(name);
    expect(summary).toBe("");
    expect(texts).toEqual([
      ["A thing is blue .", "Blue , it is ."],
      ["A thing is red .", "Red ."],
    ]);
  });

  it("i2d-files: images with their texts, without failed downloads", async () => {
    const result = await read("i2d-files");
    expect([withImages(result), result.summary]).toEqual([8, ""]);
    expect(result.keys[0]).toBe("00000/000000000");
    expect(result.texts.every((texts) => texts.length === 1)).toBe(true);
    expect(result.samples.every(({ label }) => label === undefined)).toBe(true);
    const failures = await read("i2d-files/00000.parquet");
    expect(failures.samples).toEqual([]);
    expect(failures.summary).toContain("names an image by its url only");
  });

  it("othermeta: captions in a table of any name", async () => {
    expect((await read("othermeta")).texts).toEqual([["thing 0"], ["thing 1"]]);
  });

  it("names with any characters", async () => {
    const folder = mkdtempSync(join(temporaryDirectory(), "names-"));
    const names = ["UP.JPG", "a b.jpg", "c#1.jpg", "d%20e.jpg", "it's.jpeg", "日本 🐱.jpg"];
    for (const name of names) copyFileSync(join(cases, "csv/a.jpg"), join(folder, name));
    for (const name of ["UP.TXT", "a b.txt"]) writeFileSync(join(folder, name), "said");
    const { keys, texts, summary } = await read(folder);
    expect([keys, summary]).toEqual([["UP", "a b", "c#1", "d%20e", "it's", "日本 🐱"], ""]);
    expect(texts).toEqual([["said"], ["said"], [], [], [], []]);
  });

  it("links as in a hub cache, and names that are NFC only in the table", async () => {
    const snapshot = mkdtempSync(join(temporaryDirectory(), "snapshot-"));
    symlinkSync(join(cases, "csv/a.jpg"), join(snapshot, "scho\u0308n.jpg"));
    symlinkSync(join(cases, "csv/sub"), join(snapshot, "sub"));
    const table = "file_name,text\nsch\u00f6n.jpg,nice\nsub/a.jpg,linked\n";
    writeFileSync(join(snapshot, "metadata.csv"), table);
    for (const path of [snapshot, join(snapshot, "metadata.csv")]) {
      const { texts, summary } = await read(path);
      expect([texts, summary]).toEqual([[["nice"], ["linked"]], ""]);
    }
  });
});

describe("shards", () => {
  it("dupkeys, hfpq: keys are unique within a source, and paths name the shard", async () => {
    const tar = await read("dupkeys");
    expect(tar.keys).toEqual(["00/0000", "00/0001", "00/0002", "01/0000", "01/0001", "01/0002"]);
    expect(tar.samples[3]?.path).toBe(join(cases, "dupkeys/01.tar:0000.jpg"));
    const parquet = await read("hfpq");
    expect(parquet.keys.slice(2, 4)).toEqual(["test-00000-of-00002/2", "test-00001-of-00002/0"]);
    expect(parquet.samples[3]?.path).toBe(join(cases, "hfpq/test-00001-of-00002.parquet:0"));
    const labels = parquet.samples.map(({ label }) => label);
    expect(labels).toEqual(["cat", "dog", undefined, "dog", "cat", undefined]);
  });

  it("img2dataset's shards, with parquet files about the downloads beside them", async () => {
    const folder = mkdtempSync(join(temporaryDirectory(), "shards-"));
    copyFileSync(join(cases, "dupkeys/00.tar"), join(folder, "00000.tar"));
    for (const name of ["00000.parquet", "00000_stats.json"])
      copyFileSync(join(cases, "i2d-files", name), join(folder, name));
    const { keys, summary } = await read(folder);
    expect([keys, summary]).toEqual([["0000", "0001", "0002"], ""]);
    copyFileSync(join(cases, "hfpq/test-00000-of-00002.parquet"), join(folder, "more.parquet"));
    await expect(read(folder)).rejects.toThrow("more.parquet and 00000.tar in one folder");
  });

  it("parquet with bytes in a column of unknown name: asks for the column of the images", async () => {
    const folder = mkdtempSync(join(temporaryDirectory(), "bytes-"));
    const renamed = (from: string, name: string): string => {
      const bytes = readFileSync(join(cases, from)).toString("latin1");
      const path = join(folder, name);
      writeFileSync(path, Buffer.from(bytes.replaceAll("image", "photo"), "latin1"));
      return path;
    };
    const plain = renamed("pqkinds/plain.parquet", "plain.parquet");
    await expect(read(plain)).rejects.toThrow("has bytes in photo, but no column known to hold");
    expect(withImages(await read(plain, { columns: { image: "photo" } }))).toBe(2);
    const structs = renamed("hfpq/test-00000-of-00002.parquet", "structs.parquet");
    expect(withImages(await read(structs))).toBe(3); // {bytes, path} is an image by its type
  });

  it.each<[string, number, string[]]>([
    ["wdspq", 2, ["one"]],
    ["pqkinds/plain.parquet", 2, ["a"]],
    ["pqkinds/dictcol.parquet", 2, ["a"]],
    ["pqkinds/delta.parquet", 2, ["a"]],
    ["pqkinds/deltalen.parquet", 2, ["a"]],
    ["pqkinds/large.parquet", 2, ["a", "b"]],
  ])("%s: images with texts", async (name, images, first) => {
    const result = await read(name);
    expect([withImages(result), result.summary, result.texts[0]]).toEqual([images, "", first]);
  });

  it("listimg: one image per row is taken, several are reported", async () => {
    const { texts, summary } = await read("listimg");
    expect([texts, summary]).toEqual([
      [["a", "b"]],
      expect.stringContaining("row 2: it has 2 images, and texts belong to a single one"),
    ]);
  });

  it.each<[string, RegExp]>([
    ["pqkinds/empty.parquet", /empty\.parquet has no samples/],
    ["tar/empty.tar", /empty\.tar is empty: it has 0 bytes/],
  ])("%s: refused in words", async (name, message) => {
    await expect(read(name)).rejects.toThrow(message);
  });

  it("tar: leading slashes, compound extensions, dots in names, files without bytes", async () => {
    const absolute = await read("tar/absolute.tar");
    expect([absolute.keys[0], withImages(absolute)]).toEqual(["data/img/0", 3]);
    const compound = await read("tar/compound.tar");
    expect([compound.keys[0], withImages(compound), compound.summary]).toEqual(["s0000", 3, ""]);
    expect(compound.texts[0]).toHaveLength(1);
    const dots = await read("tar/dots.tar");
    expect(dots.samples).toEqual([]);
    expect(dots.summary).toContain("22 has 3 files of the kind image (22.00.jpg, 22.01.jpg");
    const zero = await read("tar/zero.tar");
    expect([zero.keys, zero.summary.split(" (")[0]]).toEqual([
      ["0", "3"],
      "2 of 4 samples were left out: 1 is empty, 1 is damaged",
    ]);
  });
});

describe("images", () => {
  it("folder-mixed: decodable images are read, the rest is summed up", async () => {
    const { keys, summary } = await read("folder-mixed");
    expect(keys).toEqual(["0", "1", "v", "x", "y", "z"]);
    expect(summary).toMatch(
      /^2 of 8 samples were left out: 2 cannot be read \(first: u: .* is HEIC, /,
    );
  });

  it("pictures: one image in several formats, and HEIC under any name", async () => {
    const { keys, samples, skipped } = await read("pictures");
    expect(keys).toEqual(["x.bmp", "x.ico", "x.ppm", "x.tga"]);
    const decoded = await Promise.all(samples.map(({ image }) => decodeImage(image!)));
    expect(decoded[2]).toEqual(decoded[0]);
    expect(decoded[3]).toEqual(decoded[0]);
    expect(skipped.first.map(({ key, message }) => [key, message.split(",")[0]])).toEqual([
      ["heic-as", "The image is HEIC"],
      ["photo", "The image is HEIC"],
      ["x.jp2", "The image is JPEG 2000"],
    ]);
  });

  it("alldamaged: no usable sample is an error", async () => {
    const { samples, skipped } = await read("alldamaged");
    expect(samples).toEqual([]);
    expect(() => skipped.requireUsed("alldamaged", 0)).toThrow(
      /^alldamaged has no sample that can be used: 3 of 3 samples were left out: 3 are damaged \(first: 0: /,
    );
  });
});
