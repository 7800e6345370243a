import { appendFile, mkdir, rename, rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../test/golden/temporary-directory.js";
import { type EmbeddingStore, digestOf, openEmbeddingStore, readRows } from "./embedding-store.js";

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

it("takes no further rows once some could not be written, and keeps those before", async () => {
  const folder = temporaryDirectory();
  const open = (): Promise<EmbeddingStore> => openEmbeddingStore(folder, 2, "float32");
  const [first, lost, last] = ["first", "lost", "last"].map((name) => digestOf(name));
  const store = await open();
  await store.add(first!, Float32Array.of(1, 2));
  await readRows(store, [first!]);
  const rows = join(folder, "rows.float32");
  await rename(rows, `${rows}.aside`);
  await mkdir(rows); // as on a full disk, writing fails
  await store.add(lost!, Float32Array.of(3, 4));
  await expect(readRows(store, [lost!])).rejects.toThrow("rows.float32 cannot be written");
  await rm(rows, { recursive: true });
  await rename(`${rows}.aside`, rows); // as if room was made
  await expect(store.add(last!, Float32Array.of(5, 6))).rejects.toThrow("cannot be written");
  await store.close();
  const again = await open();
  expect([lost, last].map((digest) => again.rowOf(digest!))).toEqual([undefined, undefined]);
  expect(await readRows(again, [first!])).toEqual(Float32Array.of(1, 2));
  await again.close();
});
