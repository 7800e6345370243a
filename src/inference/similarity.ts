/** Similarities between many vectors, computed by the kernels in bounded memory. */
import type { Backend } from "../backend/backend.js";
import { compile } from "../backend/program.js";
import { State } from "../backend/state.js";
import { product } from "../graph/ops/matmul.js";
import { spec } from "../graph/tensor.js";

/** The similarities of consecutive queries to all candidates. */
interface SimilarityRows {
  /** Index of the first query. */
  readonly first: number;
  readonly rows: number;
  /** float32 [rows, candidates]; overwritten by the next rows. */
  readonly scores: Float32Array;
}

/** Largest number of scores in memory, and largest sizes of one product. */
const maximumScores = 2 ** 25;
const maximumColumns = 4096;
const maximumRows = 1024;

/**
 * The dot products of every query [Q, D] with every candidate [C, D], where D is `width`, a block of queries at a time: at
 * most 134 MB, or the products of one query. Two vectors have the same product wherever they occur.
 */
export async function* similarityRows(
  backend: Backend,
  queries: Float32Array,
  candidates: Float32Array,
  width: number,
  signal?: AbortSignal,
): AsyncGenerator<SimilarityRows> {
  const [queryCount, count] = [countOf(queries, width), countOf(candidates, width)];
  if (queryCount === 0 || count === 0) return;
  const columns = Math.min(count, maximumColumns);
  const rows = Math.max(1, Math.min(queryCount, maximumRows, Math.floor(maximumScores / count)));
  const program = compileProduct(backend, rows, columns, width);
  const scores = new Float32Array(rows * count);
  try {
    for (let first = 0; first < queryCount; first += rows) {
      const some = block(queries, first, rows, width);
      for (let column = 0; column < count; column += columns) {
        const others = block(candidates, column, columns, width);
        const { result } = await program.run({ queries: some, candidates: others }, { signal });
        const kept = Math.min(columns, count - column);
        for (let row = 0; row < rows; row++) {
          const from = row * columns;
          scores.set(result.subarray(from, from + kept), row * count + column);
        }
      }
      const found = Math.min(rows, queryCount - first);
      yield { first, rows: found, scores: scores.subarray(0, found * count) };
    }
  } finally {
    program.dispose();
  }
}

/** As `similarityRows`, query by query: scores [candidates], overwritten by the next. */
export async function* similaritiesOfEach(
  ...given: Parameters<typeof similarityRows>
): AsyncGenerator<{ readonly query: number; readonly scores: Float32Array }> {
  for await (const { first, rows, scores } of similarityRows(...given)) {
    for (let row = 0; row < rows; row++) {
      yield { query: first + row, scores: rowOf(scores, row, scores.length / rows) };
    }
  }
}

/** The indices of the `count` highest scores, highest first; ties in order of index. */
export function highest(scores: Float32Array, count: number): number[] {
  const found: number[] = [];
  let least = -Infinity;
  for (let index = 0; index < scores.length && count > 0; index++) {
    const score = scores[index]!;
    if (found.length === count && !(score > least)) continue;
    let position = found.length;
    while (position > 0 && score > scores[found[position - 1]!]!) position--;
    found.splice(position, 0, index);
    if (found.length > count) found.pop();
    least = scores[found.at(-1)!]!;
  }
  return found;
}

/** The nearest candidates [C, D] of every query [Q, D]: the indices of the `count` highest scores, highest first. */
export async function nearestCandidates(
  backend: Backend,
  queries: Float32Array,
  candidates: Float32Array,
  width: number,
  count: number,
  signal?: AbortSignal,
): Promise<number[][]> {
  const nearest: number[][] = [];
  for await (const { scores } of similaritiesOfEach(backend, queries, candidates, width, signal)) {
    nearest.push(highest(scores, count));
  }
  return nearest;
}

/** The number of vectors of `width`. */
export function countOf(vectors: Float32Array, width: number): number {
  const count = vectors.length / width;
  if (Number.isInteger(count)) return count;
  throw new RangeError(
    `Expected vectors of ${width} numbers, but the total of ${vectors.length} is not a multiple of ${width}.`,
  );
}

/** A view of vector `index`: [width]. */
export function rowOf(vectors: Float32Array, index: number, width: number): Float32Array {
  return vectors.subarray(index * width, (index + 1) * width);
}

/** The concatenated vectors. */
export function concatenated(vectors: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const all = new Float32Array(vectors.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  for (const vector of vectors) {
    all.set(vector, end);
    end += vector.length;
  }
  return all;
}

/** A copy of the vectors with these indices, concatenated. */
export function chosenRows(
  vectors: Float32Array,
  indices: readonly number[],
  width: number,
): Float32Array {
  const chosen = new Float32Array(indices.length * width);
  for (const [place, index] of indices.entries()) {
    chosen.set(rowOf(vectors, index, width), place * width);
  }
  return chosen;
}

function compileProduct(backend: Backend, rows: number, columns: number, width: number) {
  const inputs = { queries: spec([rows, width]), candidates: spec([columns, width]) };
  return compile({ state: new State(backend, {}), inputs }, (_, { queries, candidates }) => ({
    outputs: { result: product(queries, candidates, { transposeB: true }) },
  }));
}

/** `rows` vectors starting at `first`, padded with zeros. */
function block(vectors: Float32Array, first: number, rows: number, width: number): Float32Array {
  const part = vectors.subarray(first * width, (first + rows) * width);
  if (part.length === rows * width) return part;
  const filled = new Float32Array(rows * width);
  filled.set(part);
  return filled;
}
