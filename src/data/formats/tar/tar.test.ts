import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { Header, type HeaderData, Pax } from "tar";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../../../test/golden/temporary-directory.js";
import type { Sample } from "../../sample.js";
import { SkippedSamples } from "../../batch/skipped.js";
import { SourceError } from "../source-error.js";
import { isPlace } from "../../image-place.js";
import { readPlace } from "../read-place.js";
import { tarSource } from "./source.js";
import { expandBraces } from "../braces.js";

const directory = mkdtempSync(join(temporaryDirectory(), "tar-"));

interface Entry extends HeaderData {
  readonly content?: string;
  /** Changes the finished header; its checksum is recomputed. */
  readonly forge?: (header: Buffer) => void;
}

function block({ content = "", forge, ...data }: Entry): Buffer {
  const header = new Header({
    type: "File",
    size: Buffer.byteLength(content),
    mode: 0o644,
    ...data,
  });
  header.encode();
  const bytes = header.block!;
  if (forge) {
    forge(bytes);
    bytes.fill(" ", 148, 156);
    const sum = bytes.reduce((total, byte) => total + byte, 0);
    bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  }
  const padding = Buffer.alloc((512 - (Buffer.byteLength(content) % 512)) % 512);
  return Buffer.concat([bytes, Buffer.from(content), padding]);
}

const archive = (entries: readonly Entry[]): Buffer =>
  Buffer.concat([...entries.map(block), Buffer.alloc(1024)]);

function file(name: string, bytes: Buffer): string {
  const path = join(directory, name);
  writeFileSync(path, bytes);
  return path;
}

async function readAll(
  path: string,
  maxBytes?: number,
): Promise<{ samples: Sample[]; skipped: SkippedSamples }> {
  const samples: Sample[] = [];
  const skipped = new SkippedSamples();
  for await (const sample of tarSource([path], { maxBytes }).read(skipped)) samples.push(sample);
  return { samples, skipped };
}

/** Reads all samples, each image by its place. */
async function readByPlace(path: string): Promise<Sample[]> {
  const samples: Sample[] = [];
  for await (const { image, ...rest } of tarSource([path]).locate()) {
    const isStream = path.endsWith("gz");
    expect(image === undefined || isPlace(image) !== isStream).toBe(true);
    const bytes = image && isPlace(image) ? await readPlace(image, rest) : image;
    samples.push({ ...rest, ...(bytes && { image: bytes }) });
  }
  return samples;
}

const good: Entry[] = [
  { path: "./a/x.json", content: `{"caption":"red","license":"by","label":4}` },
  { path: "./a/x.JPG", content: "image" },
  { path: "a/", type: "Directory" },
  { path: "a/._x.jpg", content: "resource fork" },
  { path: "b.txt", content: " blue \n" },
  { path: "b.cls", content: "7" },
  { path: "link.txt", type: "SymbolicLink", linkpath: "../../secret" },
  { path: "c.seg.png", content: "single" },
  { path: "d.txt", content: "one" },
  { path: "d.txt", content: "two" },
  { path: "e.json", content: "{" },
  { path: "f.png", content: "" },
  { path: "g.txt", content: " last" },
  { path: "g.json", content: '{"caption":" last"}' }, // as img2dataset writes it
];

describe("tar archives", () => {
  it.each(["good.tar", "good.tar.gz"])("are read in the layout of WebDataset: %s", async (name) => {
    const bytes = archive(good);
    const path = file(name, name.endsWith("gz") ? gzipSync(bytes) : bytes);
    const { samples, skipped } = await readAll(path);
    const image = Buffer.from("image");
    expect(samples).toEqual([
      {
        ...{ key: "a/x", path: `${path}:a/x.json`, image },
        ...{ texts: ["red"], label: "4", fields: { license: "by" } },
      },
      { key: "b", path: `${path}:b.txt`, texts: ["blue"], label: "7", fields: {} },
      { key: "c", path: `${path}:c.seg.png`, image: Buffer.from("single"), texts: [], fields: {} },
      { key: "g", path: `${path}:g.txt`, texts: ["last"], fields: {} },
    ]);
    expect(Object.fromEntries(skipped.counts)).toEqual({ empty: 1, damaged: 2 });
    expect(await readByPlace(path)).toEqual(samples);
  });

  it("know long names and sizes of extended headers", async () => {
    const path = `${"ü/".repeat(90)}long.txt`;
    const pax = new Pax({ path, size: 4 }).encode();
    const long = block({
      path: "././@LongLink",
      type: "NextFileHasLongPath",
      content: `${"y".repeat(200)}.txt\0`,
    });
    const text = block({ path: "short.txt", content: "text" });
    const { samples } = await readAll(file("pax.tar", Buffer.concat([pax, text, long, text])));
    expect(samples.map(({ key }) => key)).toEqual([path.slice(0, -4), "y".repeat(200)]);
  });

  it("skip files that are too large", async () => {
    const entries = [
      { path: "a.txt", content: "x".repeat(2000) },
      { path: "b.txt", content: "y" },
    ];
    const { samples, skipped } = await readAll(file("large.tar", archive(entries)), 1999);
    expect([samples.length, skipped.first[0]?.reason]).toEqual([1, "too large"]);
  });

  const text = { path: "b.txt", content: "text" };
  const size = (written: string) => (header: Buffer) =>
    void header.write(written, 124, 12, "latin1");
  it.each<[string, Entry, RegExp]>([
    [
      "a size beyond the end",
      { ...text, forge: size("77777777777\0") },
      /claims 8589934591 bytes, but only/,
    ],
    ["a size that is no number", { ...text, forge: size("garbage     ") }, /not a number of bytes/],
    [
      "a negative size",
      { ...text, forge: size("\xff".repeat(11) + "\xfe") },
      /not a number of bytes/,
    ],
    ["a huge size", { ...text, forge: size("\x80" + "\x7f".repeat(11)) }, /not a tar header/],
    ["a path that leads out", { path: "../x.txt", content: "text" }, /leads out of the archive/],
    ["a backslash that leads out", { path: "a\\..\\..\\x.txt", content: "text" }, /leads out/],
    [
      "an endless name",
      { path: "x", type: "ExtendedHeader", content: "x".repeat(1 << 21) },
      /longer than any name/,
    ],
  ])("refuse %s", async (_, entry, message) => {
    const path = file("forged.tar", archive([{ path: "a.txt", content: "good" }, entry]));
    await expect(readAll(path)).rejects.toThrow(message);
    await expect(readAll(path)).rejects.toThrow("forged.tar, byte 1024");
    await expect(readByPlace(path)).rejects.toThrow(message);
  });

  it("refuse a decompression bomb", async () => {
    const bomb = block({ path: "a.txt", content: "0".repeat(1 << 20) });
    const path = file(
      "bomb.tar.gz",
      gzipSync(Buffer.concat(Array<Buffer>(80).fill(bomb)), { level: 9 }),
    );
    await expect(readAll(path)).rejects.toThrow(/bomb.*grows more than 200-fold/);
  });

  it("yield the same by place as in order, or a SourceError, when damaged", async () => {
    const bytes = archive(good);
    const flips = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), {
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(flips, fc.nat(bytes.length), async (changes, cut) => {
        const copy = Buffer.from(bytes);
        for (const [at, value] of changes) copy[at] = value;
        const path = file("damaged.tar", cut % 2 ? copy : copy.subarray(0, cut));
        try {
          const { samples } = await readAll(path);
          expect(await readByPlace(path)).toEqual(samples);
        } catch (error) {
          expect(error).toBeInstanceOf(SourceError);
        }
      }),
      { numRuns: 100 },
    );
  });

  it("are named by braces", () => {
    expect(expandBraces("a-{08..11}.{x,y}")).toEqual(
      ["08", "09", "10", "11"].flatMap((number) => [`a-${number}.x`, `a-${number}.y`]),
    );
    expect(expandBraces("plain.tar")).toEqual(["plain.tar"]);
    expect(() => expandBraces("a{0..999999999}")).toThrow("1000000000 files");
    expect(() => expandBraces("a{2..1}")).toThrow("lower number first");
  });
});
