import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryDirectory } from "../../../test/golden/temporary-directory.js";
import { referenceBackend } from "../../backend/reference.js";
import { foldIn, keyOf, normal } from "../../base/random.js";
import { ExactIndex } from "../exact-index.js";
import { UnknownFieldError } from "../filter.js";
import { LanceIndex } from "./lance-index.js";
import type { Filter, IndexRow, VectorIndex } from "../vector-index.js";

const folder = temporaryDirectory();
const width = 16;
const origin = { source: "", model: "", fingerprint: "", precision: "float32", width };

function unitVector(seed: number): Float32Array {
  const vector = normal(foldIn(keyOf(5), seed), width);
  const length = Math.hypot(...vector);
  return vector.map((x) => x / length);
}

const rowOf = (i: number): IndexRow => ({
  ...{
    key: `it's ${i}`,
    image: unitVector(i),
    fields: { third: i % 3, tags: [`t${i % 2}`, `u${i % 5}`] },
  },
  ...(i % 2 === 0 && { text: `text ${i}`, textVector: unitVector(10_000 + i) }),
});

it("an index in LanceDB finds what an exact one finds, after updates", async () => {
  const path = join(folder, "updated");
  await LanceIndex.create(path, origin);
  await using lance = await LanceIndex.open(path);
  await using exact = new ExactIndex(referenceBackend(), origin);
  const update = async (change: (index: VectorIndex) => Promise<unknown>): Promise<void> => {
    expect(await change(lance)).toEqual(await change(exact));
    const queries = [unitVector(-1), unitVector(7)];
    const filters = [{ third: "1" }, { tags: ["t1", "u2"], third: ["1"] }];
    for (const options of [
      {},
      { kind: "text" as const },
      ...filters.map((filter) => ({ filter, top: 3 })),
    ]) {
      const [found, expected] = [
        await lance.search(queries, options),
        await exact.search(queries, options),
      ];
      for (const [i, hits] of expected.entries()) {
        expect(found[i]!.map(({ key }) => key)).toEqual(hits.map(({ key }) => key));
        expect(found[i]![0]!.similarity).toBeCloseTo(hits[0]!.similarity, 5);
      }
    }
  };
  await update((index) => index.put(Array.from({ length: 60 }, (_, i) => rowOf(i))));
  await update((index) => index.put([{ ...rowOf(99), key: "it's 7" }]));
  await update((index) => index.delete(["it's 3", "it's 4", "none"]));
  await update((index) => index.compact());
  await update((index) => index.get(["it's 7", "it's 3", "it's 8"]));
  await update((index) => index.count("text"));
});

it("an index finds each image once that rows of a table have several texts of", async () => {
  const path = join(folder, "captions");
  await LanceIndex.create(path, origin);
  await using lance = await LanceIndex.open(path);
  await using exact = new ExactIndex(referenceBackend(), origin);
  const rows = Array.from({ length: 30 }, (_, i) => {
    const image = i < 24 ? 0 : i; // the first has 24 texts
    return {
      ...{ key: `${i}`, path: `${image}.png`, image: unitVector(image) },
      ...{ text: `text ${i}`, textVector: unitVector(100 + i) },
    };
  });
  for (const index of [lance, exact]) {
    await index.put(rows);
    const pathsOf = async (top: number): Promise<unknown[]> =>
      (await index.search(unitVector(0), { top })).map((hit) => hit.path);
    const [first, ...others] = await pathsOf(3);
    expect([first, new Set(others).size]).toEqual(["0.png", 2]);
    expect(new Set(await pathsOf(50)).size).toBe(7);
    expect(await pathsOf(50)).toHaveLength(7);
    expect(await index.search(unitVector(0), { top: 30, kind: "text" })).toHaveLength(30);
  }
});

it("an index says which fields there are where a filter asks for another, and finds nothing where none has the value", async () => {
  const path = join(folder, "filtered");
  await LanceIndex.create(path, origin);
  await using lance = await LanceIndex.open(path);
  await using exact = new ExactIndex(referenceBackend(), origin);
  for (const index of [lance, exact]) {
    const find = (filter: Filter) => index.search(unitVector(1), { filter });
    expect(await find({ third: "1" })).toEqual([]); // it has no entries, and so no fields
    await index.put([rowOf(1), { ...rowOf(2), label: "two", fields: { third: null } }]);
    expect(await find({ third: "5" })).toEqual([]);
    expect(await find({ label: "two", third: "1" })).toEqual([]);
    const unknown = find({ third: "1", thrid: "1" });
    await expect(unknown).rejects.toThrow(UnknownFieldError);
    await expect(unknown).rejects.toThrow(
      'No entry of the index has a field "thrid" to filter by. Did you mean "third"? There are: key, third, tags, text, label.',
    );
  }
});

it("an approximate index is kept with its measured recall, or removed", async () => {
  const path = join(folder, "approximate");
  await LanceIndex.create(path, origin);
  await using index = await LanceIndex.open(path);
  await index.put(Array.from({ length: 200 }, (_, i) => rowOf(i)));
  const built = await index.approximate("image", { recall: 0.9 });
  expect(built).toMatchObject({ queries: 100, vectors: 200 });
  expect(built.recall).toBeGreaterThanOrEqual(0.9);
  await using again = await LanceIndex.open(path);
  expect(again.approximations).toEqual({ image: built });
  expect((await again.search(unitVector(5)))[0]).toMatchObject({ key: "it's 5" });
  await expect(again.approximate("image", { recall: 1.01 })).rejects.toThrow(
    /finds \d+\.\d % of the ten nearest.*--min-recall/,
  );
  expect(again.approximations).toEqual({});
  const forced = await again.approximate("image", { recall: 1.01, force: true });
  expect(forced.settings.ef).toBe(1024);
  await expect(again.approximate("image", { queries: [] })).rejects.toThrow(
    "of which there are none",
  );
  const stop = new AbortController();
  const onProgress = (): void => stop.abort(new Error("enough"));
  const stopped = again.approximate("image", { signal: stop.signal, onProgress });
  await expect(stopped).rejects.toThrow("enough");
  // What LanceDB still has is not used: its similarities are those of codes of 8 bits.
  expect(again.approximations).toEqual({});
  const query = unitVector(-5);
  const [hit] = await again.search(query);
  const found = unitVector(Number(hit!.key.slice("it's ".length)));
  expect(hit!.similarity).toBeCloseTo(
    found.reduce((sum, x, i) => sum + x * query[i]!, 0),
    5,
  );
});

it("an index in LanceDB takes in what others change", async () => {
  const path = join(folder, "refreshed");
  await LanceIndex.create(path, origin);
  await using writer = await LanceIndex.open(path);
  await writer.put([rowOf(1)]);
  await using reader = await LanceIndex.open(path);
  await reader.count("image");
  await writer.put([rowOf(2)]);
  await reader.refresh();
  expect(await reader.count("image")).toBe(2);
});

it("an index in LanceDB is not made where something else is", async () => {
  const path = join(folder, "other");
  await ExactIndex.create(path, origin);
  await expect(LanceIndex.create(path, origin)).rejects.toThrow("already holds index.json");
  await expect(LanceIndex.open(path)).rejects.toThrow("cannot be read as an index in LanceDB");
  expect(await readdir(path)).not.toContain("lance");
});
