import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../../test/golden/temporary-directory.js";
import type { Sample } from "../sample.js";
import { SkippedSamples } from "../batch/skipped.js";
import { SampleIndex } from "../index/index-file.js";
import { indexSource } from "../index/source-index.js";
import { writeParquet } from "./parquet/writer.js";
import { ShardWriter } from "./tar/shard-writer.js";
import { openSource } from "./open.js";
import type { Source, SourceOptions } from "./source.js";
import { SourceError } from "./source-error.js";

const root = temporaryDirectory();
const png = (index: number): Buffer =>
  Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), Buffer.alloc(60 + index * 7, index)]);
const indices = Array.from({ length: 11 }, (_, index) => index);
const pngs = Object.fromEntries(indices.map((index) => [`${index}.png`, png(index)]));
const newDirectory = (name: string): string => mkdtempSync(join(root, `${name}-`));

function write(directory: string, files: Readonly<Record<string, string | Buffer>>): string {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(directory, name, ".."), { recursive: true });
    writeFileSync(join(directory, name), content);
  }
  return directory;
}

/** Each writes a data set in one format, including an unusable sample, and returns its path. */
const forms: Record<
  string,
  { make: (directory: string) => Promise<string>; options?: SourceOptions }
> = {
  classes: {
    make: (directory) => {
      const files = indices.map((index): [string, Buffer] => [
        `${index % 2 ? "cat" : "dog"}/${index}.png`,
        png(index),
      ]);
      return Promise.resolve(
        write(directory, { ...Object.fromEntries<Buffer>(files), "cat/0.png": "" }),
      );
    },
  },
  captions: {
    make: (directory) => {
      const lines = indices.map(
        (index) => `{"file_name":"${index}.png","text":"a ${index}","n":${index}}\n`,
      );
      const files = indices.slice(1).map((index): [string, Buffer] => [`${index}.png`, png(index)]);
      return Promise.resolve(
        write(directory, {
          ...Object.fromEntries<Buffer>(files),
          "metadata.jsonl": `${lines.join("")}{"x`,
        }),
      );
    },
  },
  tsv: {
    make: (directory) => {
      const lines = indices.map(
        (index) => `say "${index}\t${png(index).toString("base64")}\t${index % 3}`,
      );
      const text = `\ufeffCaption\timage\tlabel\r\n${lines.join("\r\n")}\r\nbroken\n`;
      return Promise.resolve(join(write(directory, { "all.tsv": text }), "all.tsv"));
    },
  },
  csv: {
    make: (directory) => {
      const lines = indices.map((index) => `"one, ""${index}""\nsecond line",${index}.png`);
      const text = `text,file_name\n${lines.join("\n")}\nx "y" z,1.png\ngone,gone.png\n`;
      return Promise.resolve(join(write(directory, { ...pngs, "all.csv": text }), "all.csv"));
    },
  },
  list: {
    make: (directory) => {
      const rows = indices.map((index) => ({
        image: `${index}.png`,
        caption: `a ${index}`,
        index,
      }));
      const list = JSON.stringify([...rows, { image: "gone.png", caption: "gone" }]);
      return Promise.resolve(join(write(directory, { ...pngs, "all.json": list }), "all.json"));
    },
  },
  coco: {
    make: (directory) => {
      const list = {
        info: { description: "[{" },
        images: [...indices, 99].map((index) => ({ id: 2 * index, file_name: `${index}.png` })),
        annotations: [...indices, ...indices].map((index, at) => ({
          ...{ id: at, image_id: 2 * index, caption: `a ${index} of ${at}` },
        })),
      };
      const files = { ...pngs, "captions.json": JSON.stringify(list) };
      return Promise.resolve(join(write(directory, files), "captions.json"));
    },
  },
  karpathy: {
    make: (directory) => {
      const images = [...indices, 99].map((index) => ({
        ...{ filepath: ".", filename: `${index}.png`, split: index % 2 ? "train" : "restval" },
        sentences: [{ raw: `a ${index}` }, { raw: `one ${index}` }],
      }));
      const others = { filename: "of-the-test.png", split: "test", sentences: [{ raw: "unseen" }] };
      const list = JSON.stringify({ images: [others, ...images] });
      const file = join(write(directory, { ...pngs, "dataset.json": list }), "dataset.json");
      return Promise.resolve(`${file}#train+restval`);
    },
  },
  shards: {
    make: async (directory) => {
      const writer = new ShardWriter(directory, { name: "s", samplesPerShard: 4 });
      for (const index of indices)
        await writer.add({
          key: `k${index}`,
          image: png(index),
          texts: [`a ${index}`],
          fields: { index },
        });
      await writer.close();
      return directory;
    },
    options: { maxBytes: 130 },
  },
  gzip: {
    make: async (directory) => {
      const shards = newDirectory("plain");
      await forms.shards!.make(shards);
      for (const name of readdirSync(shards).filter((each) => each.endsWith(".tar")))
        writeFileSync(join(directory, `${name}.gz`), gzipSync(readFileSync(join(shards, name))));
      return join(directory, "s-{00000..00002}.tar.gz");
    },
    options: { maxBytes: 130 },
  },
  parquet: {
    make: async (directory) => {
      const path = join(directory, "train.parquet");
      const rows = indices.map((index) => ({
        image: index === 5 ? Buffer.alloc(0) : png(index),
        text: `text ${index}`,
        label: index % 2 ? "cat" : "dog",
        size: index,
        vector: Float32Array.of(index, 0.5),
      }));
      const columns = [
        { name: "image", type: "image" },
        { name: "text", type: "text" },
        { name: "label", type: "label", names: ["dog", "cat"] },
        { name: "size", type: "integer" },
        { name: "vector", type: "vector", length: 2 },
      ] as const;
      await writeParquet(path, columns, rows, { rowsPerGroup: 3 });
      return path;
    },
  },
  documents: {
    make: (directory) =>
      Promise.resolve(
        write(
          directory,
          Object.fromEntries(
            indices.map((index) => [`${index}.txt`, index === 3 ? " \n" : `\ufeffd ${index}`]),
          ),
        ),
      ),
  },
  paragraphs: {
    make: (directory) =>
      Promise.resolve(
        write(directory, {
          "a.txt": indices.map((index) => `p ${index}\r\nmore`).join("\r\n \r\n"),
          "b.txt": `${"x".repeat(99)}\n\n\n\nlast`,
        }),
      ),
    options: { documents: "paragraphs", maxBytes: 50 },
  },
  lines: {
    make: (directory) =>
      Promise.resolve(
        write(directory, {
          "a.txt": indices.map((index) => `l ${index}\r\n`).join("\n"),
          "b.txt": `${"x".repeat(99)}\n\nlast`,
        }),
      ),
    options: { documents: "lines", maxBytes: 50 },
  },
};
const names = Object.keys(forms);
const paths: Record<string, string> = {};

async function readAll(source: Source, skipped?: SkippedSamples): Promise<Sample[]> {
  const samples: Sample[] = [];
  for await (const sample of source.read(skipped)) samples.push(sample);
  return samples;
}

/** Indexes give buffers. */
const withBuffer = ({ image, ...rest }: Sample): Sample => ({
  ...rest,
  ...(image && { image: Buffer.from(image) }),
});

const open = (name: string): Promise<Source> => openSource(paths[name]!, forms[name]!.options);

beforeAll(async () => {
  for (const name of names) paths[name] = await forms[name]!.make(newDirectory(name));
});

describe("every source", () => {
  it.each(names)("%s: keys are unique, and the count includes what is skipped", async (name) => {
    const source = await open(name);
    const skipped = new SkippedSamples();
    const samples = await readAll(source, skipped);
    expect(samples.length).toBeGreaterThan(8);
    expect(new Set(samples.map(({ key }) => key)).size).toBe(samples.length);
    expect(skipped.total, skipped.summary(samples.length)).toBeGreaterThan(0);
    const isKnown = !["gzip", "paragraphs", "lines"].includes(name);
    expect(await source.count()).toBe(isKnown ? samples.length + skipped.total : undefined);

    const few = await openSource(paths[name]!, { ...forms[name]!.options, maxSamples: 5 });
    // Of images in one folder per class, some of each.
    const chosen = name === "classes" ? [1, 3, 6, 8, 10] : [0, 1, 2, 3, 4];
    expect(await readAll(few)).toEqual(chosen.map((index) => samples[index]));
    expect(await few.count()).toBe(isKnown ? 5 : undefined);
  });

  it.each(names)("%s: gives the same samples by number as in order", async (name) => {
    const samples = await readAll(await open(name));
    const indexed = await indexSource(paths[name]!, forms[name]!.options);
    expect(indexed.usable).toBe(samples.length);
    const index = await SampleIndex.open(indexed.directory);
    for (const kind of ["pair", "image", "text"] as const) {
      const expected = samples.filter(
        ({ image, texts }) => (kind === "text" || image) && (kind === "image" || texts.length > 0),
      );
      const found = await Promise.all(expected.map((_, number) => index.read(kind, number)));
      expect(found).toEqual(expected.map((sample) => withBuffer(sample)));
      await expect(index.read(kind, expected.length)).rejects.toThrow(`no ${kind}`);
    }
    await index.close();
  });

  it.each(names)("%s: can be left early", async (name) => {
    for await (const sample of (await open(name)).read()) {
      expect(sample.key).not.toBe("");
      break;
    }
  });

  it("returns the files' contents", async () => {
    const first = async (name: string, at = 1): Promise<Sample> =>
      (await readAll(await open(name)))[at]!;
    expect(await first("classes")).toMatchObject({ key: "cat/3", label: "cat", image: png(3) });
    expect(await first("captions", 0)).toMatchObject({
      key: "1",
      texts: ["a 1"],
      fields: { n: 1 },
    });
    expect(await first("tsv")).toMatchObject({ texts: [`say "1`], label: "1", image: png(1) });
    expect(await first("csv")).toMatchObject({ texts: [`one, "1"\nsecond line`], image: png(1) });
    expect(await first("list")).toMatchObject({
      texts: ["a 1"],
      image: png(1),
      fields: { index: 1 },
    });
    expect(await first("coco")).toMatchObject({
      key: "1",
      texts: ["a 1 of 1", "a 1 of 12"],
      image: png(1),
    });
    expect(await first("karpathy")).toMatchObject({ texts: ["a 1", "one 1"], image: png(1) });
    expect(await first("shards")).toEqual({
      key: "s-00000/k1",
      path: join(paths.shards!, "s-00000.tar:k1.png"),
      image: png(1),
      texts: ["a 1"],
      fields: { index: 1 },
    });
    expect(await first("parquet")).toEqual({
      key: "1",
      path: `${paths.parquet}:1`,
      where: `${paths.parquet}, row 2`,
      image: new Uint8Array(png(1)),
      texts: ["text 1"],
      label: "cat",
      fields: { size: 1, vector: [1, 0.5] },
    });
    expect((await first("documents")).texts).toEqual(["d 1"]);
    expect((await first("paragraphs")).texts).toEqual(["p 1\nmore"]);
    expect((await first("lines")).texts).toEqual(["l 1"]);
  });

  it("says what a JSON file lacks, and which parts it has", async () => {
    const own = write(newDirectory("json"), {
      "boxes.json": '{"images": [{"id": 1, "file_name": "a"}], "annotations": [{"bbox": [0]}]}',
      "mixed.json": '[{"image": "a.png", "caption": "a"}, "b"]',
      "lost.json":
        '{"images": [{"id": 1, "file_name": "a"}], "annotations": [{"image_id": 2, "caption": "b"}]}',
    });
    const error = async (path: string, options?: SourceOptions): Promise<string> =>
      openSource(path, options).then(readAll).then(String, String);
    expect(await error(join(own, "boxes.json"))).toMatch("boxes.json has no known format");
    expect(await error(join(own, "gone.json#train"))).toMatch("gone.json does not exist");
    expect(await error(join(own, "mixed.json"))).toMatch(
      "after 1 objects of its list: what follows",
    );
    expect(await error(join(own, "lost.json"))).toMatch("a caption of image 2, which it does not");
    const [file] = paths.karpathy!.split("#");
    const parts = "dataset.json has the parts test, restval, train. Name those to read";
    expect(await error(file!)).toMatch(parts);
    expect(await error(`${file!}#val`)).toMatch("no images of the part val; its parts are test,");
    expect(await error(join(file!, ".."))).toMatch("dataset.json#train");
    expect(await error(`${paths.coco!}#train`)).toMatch("has no parts");
    const columns = { texts: ["caption"] };
    expect(await error(paths.coco!, { columns })).toMatch("has no columns");
  });

  it("takes captions from JSON files in a folder of images", async () => {
    const [list, coco] = await Promise.all(
      ["list", "coco"].map(async (name) => readAll(await openSource(join(paths[name]!, "..")))),
    );
    expect(list![1]).toMatchObject({ key: "1", texts: ["a 1"], image: png(1) });
    expect(coco![1]).toMatchObject({ key: "1", texts: ["a 1 of 1", "a 1 of 12"] });
  });

  it("takes numbers for texts in a column that is named as one of texts", async () => {
    const table = join(write(newDirectory("years"), { "a.jsonl": '{"year": 1984}\n' }), "a.jsonl");
    const named = await openSource(table, { columns: { texts: ["year"] } });
    expect((await readAll(named))[0]).toMatchObject({ texts: ["1984"] });
  });

  it("lists the possible forms", async () => {
    await expect(openSource(join(root, "nowhere"))).rejects.toThrow("A data set is one of");
    await expect(openSource(newDirectory("empty"))).rejects.toThrow("has no files");
    const mp3 = join(write(newDirectory("x"), { "a.mp3": "x" }), "a.mp3");
    await expect(openSource(mp3)).rejects.toThrow("no known format");
  });
});

describe("damaged files", () => {
  /** Truncation, flipped bits, or swapped pieces. */
  const damage = fc.tuple(
    fc.constantFrom("cut", "flip", "swap"),
    fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(7)), {
      minLength: 1,
      maxLength: 6,
    }),
  );
  const damaged = (bytes: Buffer, [kind, places]: [string, [number, number][]]): Buffer => {
    const copy = Buffer.from(bytes);
    const at = (place: number): number => Math.floor(place * Math.max(0, copy.length - 1));
    if (kind === "cut" || copy.length === 0) return copy.subarray(0, at(places[0]![0]));
    for (const [index, [place, bit]] of places.entries()) {
      const other = at(places[(index + 1) % places.length]![0]);
      if (kind === "flip") copy[at(place)]! ^= 1 << bit;
      else bytes.copy(copy, at(place), other, Math.min(other + 64, bytes.length));
    }
    return copy;
  };

  it.each(names)("%s: give samples or a SourceError", async (name) => {
    const path = paths[name]!;
    const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
    const folder = isFolder ? path : join(path, "..");
    const originals = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((file) => name !== "captions" || file.endsWith("jsonl"))
      .filter((file) => !file.endsWith("png") || name === "classes");
    const file = originals.sort()[0]!;
    const bytes = readFileSync(file);
    const check = async (drawn: [string, [number, number][]]): Promise<void> => {
      writeFileSync(file, damaged(bytes, drawn));
      try {
        const samples = await readAll(await open(name), new SkippedSamples());
        expect(samples.length).toBeLessThan(1000);
      } catch (error) {
        expect(error).toBeInstanceOf(SourceError);
        expect((error as Error).message).toContain(basename(folder));
      }
    };
    await fc.assert(fc.asyncProperty(damage, check), { numRuns: name === "parquet" ? 120 : 30 });
    writeFileSync(file, bytes);
  });
});
