import { existsSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../test/golden/temporary-directory.js";
import { openSource } from "./formats/open.js";
import type { Source } from "./formats/source.js";
import { writeShards } from "./write-shards.js";

const root = temporaryDirectory();
const newDirectory = (): string => mkdtempSync(join(root, "shards-"));

const imageOf = (index: number): Buffer =>
  Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), Buffer.alloc(9, index)]);

/** A table of pairs, of which the last repeats the first, one names no image that is there, and one a page. */
async function pairs(count = 40): Promise<Source> {
  const folder = newDirectory();
  const rows = Array.from({ length: count }, (_, index) => `${index}.png,caption ${index}`);
  for (const index of rows.keys()) writeFileSync(join(folder, `${index}.png`), imageOf(index));
  writeFileSync(join(folder, "page.png"), "<html>404</html>");
  const lines = ["image,text", "page.png,no image", ...rows, "gone.png,not there", rows[0]!];
  writeFileSync(join(folder, "table.csv"), lines.join("\n"));
  return openSource(join(folder, "table.csv"));
}

async function textsIn(directory: string): Promise<string[]> {
  const texts: string[] = [];
  for await (const sample of (await openSource(directory)).read()) texts.push(...sample.texts);
  return texts;
}

const filesOf = (directory: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(directory, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".tar"))
      .sort()
      .map((name) => [name, readFileSync(join(directory, name), "base64")]),
  );

describe("writeShards", () => {
  it("writes what the source has, and counts it", async () => {
    const out = newDirectory();
    const { splits, skipped, duplicates } = await writeShards(await pairs(), out);
    expect(splits.train).toEqual({
      directory: out,
      samples: 41,
      pairs: 41,
      imageBytes: 41 * 17,
      words: { mean: 2, median: 2, most: 2 },
    });
    expect([skipped.total, duplicates]).toEqual([2, 0]);
    expect(await textsIn(out)).toHaveLength(41);
  });

  it("leaves a directory with other files alone", async () => {
    const mine = newDirectory();
    writeFileSync(join(mine, "photo.jpg"), "");
    await expect(writeShards(await pairs(), mine)).rejects.toThrow(
      "other files, such as photo.jpg",
    );
    expect(readdirSync(mine)).toEqual(["photo.jpg"]);
  });

  it("holds out an image with all its captions", async () => {
    const folder = newDirectory();
    const rows = Array.from(
      { length: 200 },
      (_, row) => `${Math.floor(row / 5)}.png,caption ${row}`,
    );
    for (let index = 0; index < 40; index++)
      writeFileSync(join(folder, `${index}.png`), imageOf(index));
    writeFileSync(join(folder, "table.csv"), ["image,text", ...rows].join("\n"));
    const source = await openSource(join(folder, "table.csv"));
    const { splits } = await writeShards(source, newDirectory(), { validation: 0.3 });
    const imagesIn = async ({ directory }: { directory: string }): Promise<Set<string>> => {
      const texts = await textsIn(directory);
      return new Set(texts.map((text) => String(Math.floor(Number(text.split(" ")[1]) / 5))));
    };
    const [kept, held] = [await imagesIn(splits.train!), await imagesIn(splits.validation!)];
    expect(held.size).toBeGreaterThan(4);
    expect([...held].filter((image) => kept.has(image))).toEqual([]);
    expect([kept.size + held.size, splits.validation!.samples]).toEqual([40, 5 * held.size]);
  });

  it("splits and drops duplicates, the same way after an interruption", async () => {
    const source = await pairs();
    const options = { validation: 0.3, deduplicate: true, samplesPerShard: 4 };
    const [whole, stopped] = [newDirectory(), newDirectory()];
    const { splits, duplicates, skipped } = await writeShards(source, whole, options);
    const { train, validation } = splits;
    expect([train!.samples + validation!.samples, duplicates]).toEqual([40, 1]);
    expect(validation!.samples).toBeGreaterThan(4);
    const [kept, held] = [await textsIn(train!.directory), await textsIn(validation!.directory)];
    expect(new Set([...kept, ...held]).size).toBe(40);

    const stop = new AbortController();
    const interrupted = writeShards(source, stopped, {
      ...options,
      signal: stop.signal,
      onProgress: (samples) => {
        if (samples === 25) stop.abort(new Error("enough"));
      },
    });
    await expect(interrupted).rejects.toThrow("enough");
    expect(await writeShards(source, stopped, options)).toMatchObject({ duplicates, skipped });
    expect(filesOf(stopped)).toEqual(filesOf(whole));
    expect(await writeShards(source, stopped, options)).toMatchObject({ duplicates, skipped }); // finished
    expect(filesOf(stopped)).toEqual(filesOf(whole));
  });

  it("refuses to continue shards of other samples", async () => {
    const out = newDirectory();
    await writeShards(await pairs(3), out);
    await expect(writeShards(await pairs(4), out)).rejects.toThrow(/shards of another source/);
  });

  it("refuses a source of which nothing can be used", async () => {
    const folder = newDirectory();
    writeFileSync(join(folder, "table.csv"), "image,text\ngone.png,a\n");
    const out = newDirectory();
    const source = await openSource(relative(".", join(folder, "table.csv")));
    const failed = await writeShards(source, out).catch(String);
    expect(failed).toContain("no sample that can be used");
    expect(failed).toContain(`"gone.png" is not in ${folder}`);
    expect(existsSync(out)).toBe(false);
  });
});
