import { readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../test/golden/temporary-directory.js";
import { config, smallState } from "../../test/small-model.js";
import { referenceBackend } from "../backend/reference.js";
import { keyOf, normal } from "../base/random.js";
import { defaultProcessor } from "../data/image/processor.js";
import { openSource } from "../data/formats/open.js";
import type { Source } from "../data/formats/source.js";
import { openTokenizer } from "../data/text/tokenizer.js";
import { Embedder } from "../inference/embedder.js";
import { type EmbeddingRow, readEmbeddings, writeEmbeddings } from "./embedding-file.js";
import { type EmbeddingReport, runEmbeddingJob } from "./embedding-job.js";
import { ExactIndex, openIndex } from "./exact-index.js";

const backend = referenceBackend();
const folder = temporaryDirectory();
const place = (name: string): string => join(folder, name);

async function rowsIn(path: string): Promise<EmbeddingRow[]> {
  const rows: EmbeddingRow[] = [];
  for await (const row of readEmbeddings(path)) rows.push(row);
  return rows;
}

describe("a file of embeddings", () => {
  it("gives back what was written, to the bit", async () => {
    const rows: EmbeddingRow[] = [
      { key: "a", text: "first", image: normal(keyOf(1), 3), textVector: normal(keyOf(2), 3) },
      { key: "b/c", image: normal(keyOf(3), 3) },
      { key: "d", text: "é ☂", textVector: normal(keyOf(4), 3) },
    ];
    await writeEmbeddings(place("rows.parquet"), 3, rows);
    expect(await rowsIn(place("rows.parquet"))).toEqual(rows);
  });

  it("says what is wrong with another file", async () => {
    await writeFile(place("text.parquet"), "no parquet at all");
    await expect(rowsIn(place("text.parquet"))).rejects.toThrow("text.parquet cannot be read");
    await expect(rowsIn(place("nothing.parquet"))).rejects.toThrow("flava embed");
  });
});

describe("an exact index", () => {
  const entries = ["north", "east", "south", "north-east"].map((key) => ({ key }));
  const vectors = Float32Array.of(0, 1, 1, 0, 0, -1, Math.SQRT1_2, Math.SQRT1_2);

  it("finds the nearest first", async () => {
    const index = new ExactIndex(entries, vectors, 2);
    const hits = await index.search(backend, Float32Array.of(0, 1), 3);
    expect(hits.map(({ key }) => key)).toEqual(["north", "north-east", "east"]);
    expect(hits[1]!.similarity).toBeCloseTo(Math.SQRT1_2, 6);
    await expect(index.search(backend, Float32Array.of(1, 2, 3))).rejects.toThrow("vectors of 2");
  });

  it("is read from a file, of images or of texts", async () => {
    const rows = entries.map(({ key }, i) => ({
      key,
      image: vectors.slice(2 * i, 2 * i + 2),
      ...(i < 2 && { text: key, textVector: Float32Array.of(i, 1 - i) }),
    }));
    await writeEmbeddings(place("index.parquet"), 2, rows);
    const images = await openIndex(place("index.parquet"));
    expect([images.entries.length, images.vectors]).toEqual([4, vectors]);
    const texts = await openIndex(place("index.parquet"), "text");
    expect(texts.entries).toEqual([
      { key: "north", text: "north" },
      { key: "east", text: "east" },
    ]);
    await writeEmbeddings(place("images.parquet"), 2, [{ key: "a", image: vectors.slice(0, 2) }]);
    await expect(openIndex(place("images.parquet"), "text")).rejects.toThrow("no vectors of texts");
  });
});

describe("a job that embeds a data set", () => {
  let embedder: Embedder;
  let source: Source;

  beforeAll(async () => {
    const pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "c"];
    embedder = new Embedder({
      config,
      state: smallState(backend),
      tokenizer: await openTokenizer({ vocabulary: `${pieces.join("\n")}\n` }),
      processor: defaultProcessor(32, 16),
    });
    const lines = Array.from({ length: 600 }, (_, i) =>
      JSON.stringify({
        text: ["a", "b c", "c c a"][i % 3],
        image: i % 50 === 0 ? "0.png" : undefined,
      }),
    );
    await writeFile(place("table.jsonl"), lines.join("\n"));
    const red = { width: 4, height: 4, channels: 3, background: "red" } as const;
    await sharp({ create: red }).png().toFile(place("0.png"));
    source = await openSource(place("table.jsonl"));
  });

  const run = (out: string, changes: object = {}): Promise<EmbeddingReport> =>
    runEmbeddingJob({
      source,
      embedder,
      model: "small",
      out: place(out),
      rowsPerPart: 200,
      ...changes,
    });

  it("that was stopped goes on, and ends with what an unbroken one gives", async () => {
    const whole = await run("whole.parquet");
    expect(whole).toMatchObject({ rows: 600, resumed: 0 });
    const stop = new AbortController();
    const stopped = run("broken.parquet", {
      signal: stop.signal,
      onProgress: () => stop.abort(new Error("enough")),
    });
    await expect(stopped).rejects.toThrow("enough");
    expect(await readdir(place("broken.parquet.parts"))).toContain("progress.json");
    await expect(run("broken.parquet", { model: "another" })).rejects.toThrow("by small");
    const resumed = await run("broken.parquet");
    expect(resumed.rows).toBe(600);
    expect(resumed.resumed).toBeGreaterThan(0);
    expect(resumed.resumed).toBeLessThan(600);
    const [expected, found] = [
      await rowsIn(place("whole.parquet")),
      await rowsIn(place("broken.parquet")),
    ];
    expect(found).toEqual(expected);
    expect(expected.filter(({ image }) => image)).toHaveLength(12);
    expect((await readdir(folder)).filter((name) => name.endsWith(".parts"))).toEqual([]);
  });

  it("does not overwrite a file", async () => {
    const before = await readFile(place("whole.parquet"));
    await expect(run("whole.parquet")).rejects.toThrow("is there already");
    expect(await readFile(place("whole.parquet"))).toEqual(before);
    await rm(place("whole.parquet"));
  });
});
