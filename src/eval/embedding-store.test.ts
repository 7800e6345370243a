import { appendFile, truncate } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../test/golden/temporary-directory.js";
import { digestOf, openEmbeddingStore } from "./embedding-store.js";

const folder = temporaryDirectory();
const digests = ["a", "b", "c", "d"].map((text) => digestOf(text));
const rows = digests.map((_, row) => Float32Array.of(row, row + 0.5, -row));

describe.each(["float32", "float16"] as const)("rows in a file as %s", (dtype) => {
  const place = join(folder, dtype);
  const opened = () => openEmbeddingStore(place, 3, dtype);

  it("are there again after the file was closed, in any order", async () => {
    const first = await opened();
    for (const [row, digest] of digests.slice(0, 3).entries()) await first.add(digest, rows[row]!);
    await first.add(digests[1]!, rows[3]!); // there is a row of this content
    await first.close();
    const second = await opened();
    await second.add(digests[3]!, rows[3]!);
    expect(digests.map((digest) => second.rowOf(digest))).toEqual([0, 1, 2, 3]);
    const target = new Float32Array(12);
    await second.read(Int32Array.of(2, 3, 0, 1), target);
    expect([...target]).toEqual([2, 3, 0, 1].flatMap((row) => [...rows[row]!]));
    await second.close();
  });

  it("that were not written to the end are dropped", async () => {
    await appendFile(join(place, `rows.${dtype}`), "x"); // a row without its digest
    await truncate(join(place, `digests.${dtype}`), 3 * 16 + 7);
    const store = await opened();
    expect(digests.map((digest) => store.rowOf(digest))).toEqual([0, 1, 2, undefined]);
    await store.add(digests[3]!, rows[3]!);
    const target = new Float32Array(3);
    await store.read(Int32Array.of(3), target);
    expect([...target]).toEqual([...rows[3]!]);
    await store.close();
  });
});
