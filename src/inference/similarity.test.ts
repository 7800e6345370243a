import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { closeTo } from "../../test/close-to.js";
import type { Backend } from "../backend/backend.js";
import { nativeBackend, nativeLevels } from "../backend/native.js";
import { referenceBackend } from "../backend/reference.js";
import { keyOf, normal } from "../base/random.js";
import { highest, nearestCandidates, similarityRows } from "./similarity.js";

const backends: [string, Backend][] = [["reference", referenceBackend()]];
if (nativeLevels().length > 0) backends.push(["native", nativeBackend({ threads: 2 })]);
afterAll(() => {
  for (const [, backend] of backends) backend.dispose();
});

/** All scores: [Q, C]. */
async function allScores(
  backend: Backend,
  queries: Float32Array,
  candidates: Float32Array,
  width: number,
): Promise<number[]> {
  const all: number[] = [];
  for await (const { first, rows, scores } of similarityRows(backend, queries, candidates, width)) {
    expect(first).toBe(all.length / (candidates.length / width));
    expect(scores).toHaveLength((rows * candidates.length) / width);
    all.push(...scores);
  }
  return all;
}

describe.each(backends)("similarities on the %s backend", (name, backend) => {
  it("are dot products", async () => {
    const [queries, candidates] = [normal(keyOf(1), 5 * 3), normal(keyOf(2), 4 * 3)];
    const expected = Array.from({ length: 20 }, (_, i) => {
      const [q, c] = [Math.floor(i / 4) * 3, (i % 4) * 3];
      return [0, 1, 2].reduce((sum, k) => sum + queries[q + k]! * candidates[c + k]!, 0);
    });
    expect(await allScores(backend, queries, candidates, 3)).toEqual(closeTo(expected, 5));
    expect(await allScores(backend, queries, new Float32Array(0), 3)).toEqual([]);
    await expect(allScores(backend, queries, candidates, 7)).rejects.toThrow("not a multiple of 7");
  });

  it.runIf(name === "native")("are the same for the same vectors in any block", async () => {
    const [rows, columns] = [1500, 5000]; // more than one block of either
    const alike = normal(keyOf(3), 12);
    const queries = Float32Array.from({ length: rows * 12 }, (_, i) => alike[i % 12]!);
    const candidates = Float32Array.from({ length: columns * 12 }, (_, i) => alike[i % 12]!);
    for await (const { scores } of similarityRows(backend, queries, candidates, 12)) {
      expect(scores.every((score) => score === scores[0])).toBe(true);
    }
  });
});

it("finds the nearest candidates of each query, nearest first", async () => {
  const queries = Float32Array.of(1, 0, 0, 1);
  const candidates = Float32Array.of(0.1, 0.9, 0.8, 0.2, 0.3, 0.3);
  expect(await nearestCandidates(referenceBackend(), queries, candidates, 2, 2)).toEqual([
    [1, 2],
    [0, 2],
  ]);
  const stopped = AbortSignal.abort(new Error("stopped"));
  await expect(
    nearestCandidates(referenceBackend(), queries, candidates, 2, 2, stopped),
  ).rejects.toThrow("stopped");
});

it("finds the highest scores, in order", () => {
  const anyScores = fc.array(fc.integer({ min: -3, max: 3 }), { maxLength: 30 });
  fc.assert(
    fc.property(anyScores, fc.nat(10), (scores, most) => {
      const sorted = [...scores.keys()].sort((a, b) => scores[b]! - scores[a]! || a - b);
      expect(highest(Float32Array.from(scores), most)).toEqual(sorted.slice(0, most));
    }),
  );
});
