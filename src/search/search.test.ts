import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../test/golden/temporary-directory.js";
import { smallFlava } from "../../test/small-flava.js";
import { keyOf, normal } from "../base/random.js";
import { defaultProcessor } from "../data/image/processor.js";
import { writeParquet } from "../data/formats/parquet/writer.js";
import { type EmbeddingRow, openEmbeddings, writeEmbeddings } from "./embedding-file.js";
import { ExactIndex } from "./exact-index.js";
import { openIndex } from "./open-index.js";
import { modelFingerprint } from "./model-fingerprint.js";

const flava = await smallFlava();
const { backend } = flava.embedder;
const folder = temporaryDirectory();
const place = (name: string): string => join(folder, name);

const fingerprint = await modelFingerprint(flava.model);
const origin = (width: number) => ({
  ...{ source: "folder a", model: "models/small", precision: "float32" },
  fingerprint,
  width,
});

async function rowsIn(path: string): Promise<EmbeddingRow[]> {
  const rows: EmbeddingRow[] = [];
  for await (const row of (await openEmbeddings(path)).rows()) rows.push(row);
  return rows;
}

describe("a file of embeddings", () => {
  it("restores rows and origin bit for bit", async () => {
    const rows: EmbeddingRow[] = [
      {
        key: "a",
        path: "a.png",
        text: "first",
        image: normal(keyOf(1), 3),
        textVector: normal(keyOf(2), 3),
      },
      { key: "b/c", image: normal(keyOf(3), 3) },
      { key: "d", text: "é ☂", textVector: normal(keyOf(4), 3), label: "x", fields: { a: [1] } },
    ];
    await writeEmbeddings(place("rows.parquet"), origin(3), rows);
    expect(await rowsIn(place("rows.parquet"))).toEqual(rows);
    expect((await openEmbeddings(place("rows.parquet"))).origin).toEqual(origin(3));
  });

  it("explains why other files are refused", async () => {
    await writeFile(place("text.parquet"), "no parquet at all");
    await expect(rowsIn(place("text.parquet"))).rejects.toThrow(
      /text\.parquet cannot be read as embeddings: .*it does not end with PAR1\. The file is [^.]*\. Create it/,
    );
    await expect(rowsIn(place("nothing.parquet"))).rejects.toThrow("flava embed");
    await writeParquet(place("other.parquet"), [{ name: "key", type: "text" }], [{ key: "a" }]);
    await expect(rowsIn(place("other.parquet"))).rejects.toThrow("the model that made it");
  });
});

describe("an exact index", () => {
  const keys = ["north", "east", "south", "north-east"];
  const vectors = [Float32Array.of(0, 1), Float32Array.of(1, 0), Float32Array.of(0, -1)];
  vectors.push(Float32Array.of(Math.SQRT1_2, Math.SQRT1_2));

  it("finds the nearest first", async () => {
    const index = new ExactIndex(backend, origin(2));
    await index.put(keys.map((key, i) => ({ key, image: vectors[i]! })));
    const hits = await index.search(Float32Array.of(0, 1), { top: 3 });
    expect(hits.map(({ key }) => key)).toEqual(["north", "north-east", "east"]);
    expect(hits[1]!.similarity).toBeCloseTo(Math.SQRT1_2, 6);
    await expect(index.search(Float32Array.of(1, 2, 3))).rejects.toThrow("vectors of 2");
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(index.search(Float32Array.of(0, 1), { signal })).rejects.toThrow("enough");
  });

  it("is read from a file, of images or of texts", async () => {
    const rows = keys.map((key, i) => ({
      key,
      image: vectors[i]!,
      ...(i < 2 && { text: key, textVector: Float32Array.of(i, 1 - i) }),
    }));
    await writeEmbeddings(place("index.parquet"), origin(2), rows);
    const index = await openIndex(place("index.parquet"), flava);
    expect([await index.count("image"), await index.count("text")]).toEqual([4, 2]);
    expect(await index.get(["east", "west"])).toEqual([rows[1], undefined]);
    const texts = await index.search(Float32Array.of(0, 1), { kind: "text" });
    expect(texts.map(({ key, text }) => [key, text])).toEqual([
      ["north", "north"],
      ["east", "east"],
    ]);
    await writeEmbeddings(place("images.parquet"), origin(2), [{ key: "a", image: vectors[0]! }]);
    const images = await openIndex(place("images.parquet"), flava);
    await expect(images.search(Float32Array.of(0, 1), { kind: "text" })).rejects.toThrow(
      "no embeddings of texts",
    );
    const other = { ...flava, model: { ...flava.model, processor: defaultProcessor(32, 8) } };
    await expect(openIndex(place("index.parquet"), other)).rejects.toThrow(
      /by another model, models\/small/,
    );
  });
});
