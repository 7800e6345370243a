import { readFile, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../test/golden/temporary-directory.js";
import type { Backend } from "../backend/backend.js";
import { nativeBackend, nativeLevels } from "../backend/native.js";
import { referenceBackend } from "../backend/reference.js";
import { foldIn, keyOf, normal } from "../base/random.js";
import { ExactIndex } from "./exact-index.js";
import { type IndexRow, vectorOf } from "./vector-index.js";

const folder = temporaryDirectory();
const width = 24;
const origin = {
  ...{ source: "numbers", model: "none", fingerprint: "0", precision: "float32" },
  width,
};
const backends: [string, Backend][] = [["reference", referenceBackend()]];
if (nativeLevels().length > 0) backends.push(["native", nativeBackend({ threads: 2 })]);
afterAll(() => {
  for (const [, backend] of backends) backend.dispose();
});

function unitVector(seed: number): Float32Array {
  const vector = normal(foldIn(keyOf(5), seed), width);
  const length = Math.hypot(...vector);
  return vector.map((x) => x / length);
}

/** Vectors in a few tight clusters, so that 8 bits alone would not rank them. */
function clustered(seed: number): Float32Array {
  const [center, own] = [unitVector(seed % 3), unitVector(seed)];
  const vector = center.map((x, i) => x + 0.02 * own[i]!);
  const length = Math.hypot(...vector);
  return vector.map((x) => x / length);
}

const rowOf = (i: number): IndexRow => ({
  key: `k${i}`,
  image: clustered(i),
  ...(i % 2 === 0 && { text: `text ${i}`, textVector: clustered(i + 1) }),
  ...{ label: i % 5 === 0 ? "five" : "other", fields: { third: i % 3, tags: ["a", `b${i % 2}`] } },
});

/** What a search must find, computed with the vectors themselves. */
function nearest(rows: readonly IndexRow[], query: Float32Array, kind: "image" | "text") {
  const scored = rows.flatMap((row) => {
    const vector = vectorOf(row, kind);
    if (!vector) return [];
    const similarity = query.reduce((sum, x, i) => sum + x * vector[i]!, 0);
    return [{ key: row.key, similarity }];
  });
  return scored.sort((a, b) => b.similarity - a.similarity).slice(0, 10);
}

it("refuses what it cannot search with, and all once it is closed", async () => {
  const index = new ExactIndex(referenceBackend(), origin);
  await index.put([rowOf(1)]);
  const search = index.search(new Float32Array(width).fill(NaN));
  await expect(search).rejects.toThrow("not finite");
  await expect(index.search(clustered(1), { top: 0 })).rejects.toThrow(">= 1, but got 0");
  await index.close();
  await expect(index.search(clustered(1))).rejects.toThrow("This index was closed");
  await expect(index.put([rowOf(2)])).rejects.toThrow("This index was closed");
  await index.close();
});

describe.each(backends)("an exact index on the %s backend", (name, backend) => {
  it("finds what a scan of the vectors finds, after updates, reopening and compaction", async () => {
    const path = join(folder, name);
    await ExactIndex.create(path, origin);
    let index = await ExactIndex.open(path, backend, { writable: true });
    const rows = new Map<string, IndexRow>();
    const put = async (some: readonly IndexRow[]): Promise<void> => {
      await index.put(some);
      for (const row of some) {
        rows.delete(row.key); // ties are in the order in which they were added
        rows.set(row.key, row);
      }
    };
    const check = async (): Promise<void> => {
      const queries = Array.from({ length: 20 }, (_, i) => clustered(1000 + i));
      for (const kind of ["image", "text"] as const) {
        const found = await index.search(queries, { kind });
        for (const [i, query] of queries.entries()) {
          const hits = found[i]!.map(({ key, similarity }) => ({ key, similarity }));
          expect(hits).toEqual(nearest([...rows.values()], query, kind));
        }
        const fives = { label: "five", third: "1", tags: "b0" };
        const own = [...rows.values()].filter(
          ({ label, fields }) =>
            label === "five" && fields!.third === 1 && (fields!.tags as string[])[1] === "b0",
        );
        const filtered = await index.search(queries[0]!, { kind, filter: fives });
        expect(filtered.map(({ key }) => key)).toEqual(
          nearest(own, queries[0]!, kind).map(({ key }) => key),
        );
      }
      const keys = ["k1", "k2", "k3000", "k1199"];
      expect(await index.get(keys)).toEqual(keys.map((key) => rows.get(key)));
    };
    await put(Array.from({ length: 1200 }, (_, i) => rowOf(i)));
    await check();
    await put(Array.from({ length: 100 }, (_, i) => ({ ...rowOf(7 * i + 3), key: `k${i}` })));
    expect(await index.delete(["k1", "k500", "k501", "nothing"])).toBe(3);
    for (const key of ["k1", "k500", "k501"]) rows.delete(key);
    await check();
    await index.close();
    index = await ExactIndex.open(path, backend, { writable: true });
    await check();
    const before = await readdir(path);
    await index.compact();
    await index.verify();
    expect(await readdir(path)).not.toEqual(before);
    await check();
    await put([rowOf(3000)]);
    await index.delete(["k2"]);
    rows.delete("k2");
    await check();
    await expect(ExactIndex.open(path, backend, { writable: true })).rejects.toThrow("in use");
    await index.close();
    index = await ExactIndex.open(path, backend);
    await check();
    await expect(index.put([rowOf(1)])).rejects.toThrow("open for reading only");
    await index.close();
  });
});

it("the opening of an exact index reports its progress and can be stopped, which releases the lock", async () => {
  const backend = referenceBackend();
  const path = join(folder, "stopped");
  await ExactIndex.create(path, origin);
  const index = await ExactIndex.open(path, backend, { writable: true });
  await index.put(Array.from({ length: 1500 }, (_, i) => rowOf(i)));
  await index.compact();
  await index.put([rowOf(1500)]);
  await index.close();
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(ExactIndex.open(path, backend, { writable: true, signal })).rejects.toThrow(
    "enough",
  );
  const reports: number[][] = [];
  const onProgress = (...report: number[]): number => reports.push(report);
  await using again = await ExactIndex.open(path, backend, { writable: true, onProgress });
  expect(reports).toEqual([
    [1024, 1500],
    [1500, 1500],
  ]);
  expect(await again.count("image")).toBe(1501);
});

it("an exact index that is open for reading takes in what another process writes", async () => {
  const backend = referenceBackend();
  const path = join(folder, "refreshed");
  await ExactIndex.create(path, origin);
  let writer = await ExactIndex.open(path, backend, { writable: true });
  await using reader = await ExactIndex.open(path, backend);
  const check = async (): Promise<void> => {
    await reader.refresh();
    expect(await reader.search(clustered(5), { top: 99 })).toEqual(
      await writer.search(clustered(5), { top: 99 }),
    );
  };
  await writer.put([rowOf(0), rowOf(1)]);
  await check();
  await writer.compact();
  await writer.put([rowOf(1), rowOf(2)]);
  await check();
  await writer.delete(["k0"]);
  await check();
  await writer.close();
  await rm(path, { recursive: true });
  await expect(reader.refresh()).rejects.toThrow("not an index");
  expect(await reader.count("image")).toBe(2);
  await ExactIndex.create(path, origin);
  writer = await ExactIndex.open(path, backend, { writable: true });
  await writer.put([rowOf(3)]);
  await check();
  await writer.close();
  await rm(path, { recursive: true });
  await ExactIndex.create(path, { ...origin, fingerprint: "1" });
  await expect(reader.refresh()).rejects.toThrow("made anew with another model, none");
  expect(await reader.count("image")).toBe(1);
});

describe("the files of an exact index", () => {
  const [, backend] = backends[0]!;

  it("may end in an update whose writing was cut off, but not be damaged elsewhere", async () => {
    const path = join(folder, "cut");
    await ExactIndex.create(path, origin);
    let index = await ExactIndex.open(path, backend, { writable: true });
    for (const i of [0, 1, 2]) await index.put([rowOf(i)]);
    await index.close();
    const log = join(path, "log-0");
    const whole = await readFile(log);
    for (const [cut, keys] of [
      [1, 2],
      [whole.length - 3, 0],
    ] as const) {
      await writeFile(log, whole);
      await truncate(log, whole.length - cut);
      index = await ExactIndex.open(path, backend, { writable: true });
      expect(await index.count("image")).toBe(keys);
      await index.put([rowOf(5)]);
      await index.close();
      index = await ExactIndex.open(path, backend);
      expect(await index.count("image")).toBe(keys + 1);
      await index.close();
    }
    for (const at of [1, 200]) {
      const damaged = Buffer.from(whole);
      damaged[at]! ^= 0x10;
      await writeFile(log, damaged);
      await expect(ExactIndex.open(path, backend)).rejects.toThrow("log-0 is damaged at byte 0");
    }
  });

  it("are whole for any number of samples, of which few have texts", async () => {
    const path = join(folder, "numbers");
    await ExactIndex.create(path, origin);
    const index = await ExactIndex.open(path, backend, { writable: true });
    await index.put([rowOf(0)]);
    for (const count of [1, 1024, 1025, 2048]) {
      await index.put(Array.from({ length: count }, (_, i) => rowOf(2 * i + 1)));
      await index.put([rowOf(0)]);
      await index.delete([`k${2 * count - 1}`]); // so that there are `count` samples
      await index.compact();
      await index.verify();
      expect(await index.count("image")).toBe(count);
    }
    await index.close();
    await using again = await ExactIndex.open(path, backend);
    expect([await again.count("image"), await again.count("text")]).toEqual([2048, 1]);
  });

  it("are not taken for an index where they are none, and are never overwritten by one", async () => {
    await expect(ExactIndex.open(join(folder, "nowhere"), backend)).rejects.toThrow("flava index");
    const path = join(folder, "damaged");
    await ExactIndex.create(path, origin);
    await expect(ExactIndex.create(path, origin)).rejects.toThrow("already holds index.json");
    const index = await ExactIndex.open(path, backend, { writable: true });
    await index.put([rowOf(0)]);
    const bad = { ...rowOf(1), image: new Float32Array(width).fill(NaN) };
    await expect(index.put([rowOf(2), bad])).rejects.toThrow("not finite");
    expect(await index.count("image")).toBe(1);
    await index.compact();
    const [vectors] = (await readdir(path)).filter((file) => file.endsWith(".image"));
    const bytes = await readFile(join(path, vectors!));
    bytes[7]! ^= 1;
    await writeFile(join(path, vectors!), bytes);
    await expect(index.verify()).rejects.toThrow(`${vectors} is damaged`);
    await index.close();
    await writeFile(join(path, "index.json"), "{");
    await expect(ExactIndex.open(path, backend)).rejects.toThrow("index.json cannot be read");
  });
});
