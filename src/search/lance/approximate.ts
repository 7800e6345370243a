/** Approximate indexes in LanceDB, whose recall is measured when they are built. */
import type { Table, VectorQuery } from "@lancedb/lancedb";
import type { ApproximateOptions, Approximation } from "./approximation.js";
import type { LancePackage } from "./lance-package.js";
import type { VectorKind } from "../vector-index.js";

type Settings = Approximation["settings"];

/** From fast to accurate: places in the graph that are visited, partitions, and how many times the hits are rescored. */
const ladder: readonly Settings[] = [
  { ef: 64, probes: 20, refine: 2 },
  { ef: 128, probes: 20, refine: 4 },
  { ef: 256, probes: 40, refine: 8 },
  { ef: 512, probes: 80, refine: 16 },
  { ef: 1024, probes: 160, refine: 32 },
];

/** Among so many the recall is measured. */
const among = 10;
const mostQueries = 500;

interface Searched {
  readonly kind: VectorKind;
  /** A search for the vectors nearest to one. */
  readonly nearest: (vector: Float32Array) => VectorQuery;
}

export async function buildApproximation(
  table: Table,
  { lancedb }: LancePackage,
  { kind, nearest }: Searched,
  { recall: least = 0.95, force = false, queries, signal, onProgress }: ApproximateOptions,
): Promise<Approximation> {
  const given = queries ?? (await sampleOf(table, kind === "image" ? "text" : "image"));
  if (given.length === 0) {
    throw new Error(
      `The recall of an approximate index of ${kind}s is measured with queries of the other kind, of which there are none. ` +
        "Search exactly, or from a program with `queries` of your own.",
    );
  }
  const distances = async (query: VectorQuery): Promise<number[]> => {
    signal?.throwIfAborted();
    const found = (await query.limit(among).toArray()) as { readonly _distance: number }[];
    return found.map(({ _distance }) => _distance);
  };
  const truths: number[][] = [];
  for (const vector of given) {
    truths.push(await distances(nearest(vector).bypassVectorIndex()));
    onProgress?.(truths.length, given.length);
  }
  const start = performance.now();
  const config = lancedb.Index.hnswSq({ distanceType: "cosine" });
  await table.createIndex(kind, { config, replace: true });
  const seconds = (performance.now() - start) / 1000;
  let [recall, settings] = [0, ladder[0]!];
  for (settings of ladder) {
    const { ef, probes, refine } = settings;
    let sum = 0;
    for (const [i, vector] of given.entries()) {
      const query = nearest(vector).ef(ef).nprobes(probes).refineFactor(refine);
      sum += recallOf(await distances(query), truths[i]!);
    }
    recall = sum / given.length;
    if (recall >= least) break;
  }
  if (recall < least && !force) {
    await dropIndex(table, kind);
    throw new Error(
      `The approximate index of ${kind}s finds ${(100 * recall).toFixed(1)} % of the ten nearest, less than ` +
        `${(100 * least).toFixed(1)} %, so it was removed: searches stay exact. Ask for less (--min-recall), or --force it.`,
    );
  }
  const vectors = await table.countRows(`${kind} IS NOT NULL`);
  return { recall, queries: given.length, vectors, seconds, settings };
}

/** The part of the nearest that was found; equally near ones may stand for each other. */
function recallOf(found: readonly number[], truth: readonly number[]): number {
  if (truth.length === 0) return 1;
  const farthest = truth.at(-1)! + 1e-6;
  return (
    Math.min(truth.length, found.filter((distance) => distance <= farthest).length) / truth.length
  );
}

/** Vectors of a kind, evenly spread over the table. */
async function sampleOf(table: Table, kind: VectorKind): Promise<Float32Array[]> {
  const rows = await table.countRows();
  const step = Math.max(1, Math.floor(rows / (2 * mostQueries)));
  const offsets = Array.from({ length: Math.ceil(rows / step) }, (_, i) => i * step);
  if (offsets.length === 0) return [];
  const found = (await table.takeOffsets(offsets).select([kind]).toArray()) as Record<
    VectorKind,
    { toArray(): Float32Array } | null
  >[];
  return found.flatMap((row) => row[kind]?.toArray() ?? []).slice(0, mostQueries);
}

async function dropIndex(table: Table, kind: VectorKind): Promise<void> {
  for (const { name, columns } of await table.listIndices()) {
    if (columns.includes(kind)) await table.dropIndex(name);
  }
}
