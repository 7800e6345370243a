/** Sums and maxima. They are formed in stages, in an order fixed by the shape. */
import { sizeOf, spec } from "../../../graph/tensor.js";
import {
  type Kernel,
  type KernelCall,
  type Operand,
  type Pass,
  groupIndex,
  lanes,
  literal,
  mainParameters,
} from "../pass.js";
import { mapPass } from "./map.js";
import { rowsPass } from "./rows.js";
import { groupThreads, passesOver, readsPerThread, sharesOf, sumsByShare } from "./shares.js";
import { tree, treeMemory } from "./tree.js";

/** Terms that one thread combines. */
const terms = 16;

/** Neighbors that threads of a workgroup read together: half a line of the cache. */
const neighbors = 16;

const combinations = {
  sum: { initial: literal(0), combine: "a + b" },
  maximum: { initial: literal(-Infinity), combine: "maximum(a, b)" },
} as const;

interface Reduction {
  readonly kind: keyof typeof combinations;
  /** What is reduced, seen as [outer, reduced, inner]. */
  readonly outer: number;
  readonly reduced: number;
  readonly inner: number;
  readonly operands: Readonly<Record<string, Operand>>;
  /** What is computed of the same operands at once. */
  readonly results: readonly {
    /** Element `j` of what is reduced, an expression. */
    readonly term: string;
    /** [outer, inner] */
    readonly output: Operand;
  }[];
}

/** The passes of a reduction of numbers that need not be in memory. */
export function reducePasses(call: KernelCall, reduction: Reduction): Pass[] {
  const { outer, reduced, inner, results } = reduction;
  if (outer * inner === 0) return [];
  if (reduced <= terms) return results.map((_, index) => fewTermsPass(reduction, index));
  const rows = rowsOfGroup(reduced, inner);
  const parts = Math.ceil(reduced / (rows * terms));
  const partials = results.map(({ output }) =>
    parts === 1 && output.spec.dtype === "float32"
      ? output
      : call.scratch(spec([outer, parts, inner])),
  );
  const rest = results.flatMap(({ output }, index) =>
    partials[index] === output ? [] : [{ term: `partial${index}(j)`, output }],
  );
  const operands = Object.fromEntries(partials.map((partial, n) => [`partial${n}`, partial]));
  const pass = treePass(reduction, rows, parts, partials);
  if (rest.length === 0) return [pass];
  return [pass, ...reducePasses(call, { ...reduction, operands, results: rest, reduced: parts })];
}

const combined = (combine: string): string =>
  `fn combined(a: f32, b: f32) -> f32 { return ${combine}; }`;

/** A thread for each element, or each word of narrow ones. */
function fewTermsPass({ kind, reduced, inner, operands, results }: Reduction, index: number): Pass {
  const { term, output } = results[index]!;
  const { initial, combine } = combinations[kind];
  const element = `var total = ${initial};
for (var k = 0u; k < size.reduced; k++) {
  let j = ((i / size.inner) * size.reduced + k) * size.inner + i % size.inner;
  total = combined(total, ${term});
}
return total;`;
  const sizes = { reduced, inner };
  return mapPass({ output, operands, sizes, element, functions: combined(combine) });
}

/**
 * Threads of a workgroup that share a result: as many as there is something to do for, but no more than leave it neighbors to read
 * with each. A power of two, like all.
 */
function rowsOfGroup(reduced: number, inner: number): number {
  const powerFrom = (number: number): number => 2 ** Math.ceil(Math.log2(number));
  const most = groupThreads / Math.min(neighbors, powerFrom(inner));
  return Math.min(most, powerFrom(Math.ceil(reduced / terms)));
}

/**
 * A part of the terms of some results for each workgroup. Its threads form rows, which take the terms in turn, and columns, one for
 * each result. Consecutive threads read consecutive numbers: they are of one row, or of one column if the terms of a result are
 * neighbors.
 */
function treePass(
  { kind, outer, reduced, inner, operands, results }: Reduction,
  rows: number,
  parts: number,
  partials: readonly Operand[],
): Pass {
  const { initial, combine } = combinations[kind];
  const columns = groupThreads / rows;
  const tiles = Math.ceil((outer * inner) / columns);
  const [row, within] =
    inner === 1
      ? [`lane % ${rows}u`, `lane / ${rows}u`]
      : [`lane / ${columns}u`, `lane % ${columns}u`];
  const each = (statement: (index: number) => string): string =>
    results.map((_, index) => statement(index)).join("\n");
  const code = `${treeMemory(groupThreads)}
${combined(combine)}
${tree("reduce", "combined(a, b)", groupThreads, columns)}
@compute @workgroup_size(${groupThreads}) fn main(${mainParameters}) {
  ${groupIndex}
  if (group >= size.tiles * size.parts) { return; }
  let part = group / size.tiles;
  let row = ${row};
  let column = (group % size.tiles) * ${columns}u + ${within};
  thread = row * ${columns}u + ${within};
  ${each((n) => `var total${n} = ${initial};`)}
  for (var t = 0u; t < ${terms}u; t++) {
    let k = (part * ${terms}u + t) * ${rows}u + row;
    if (k < size.reduced && column < size.columns) {
      let j = (column / size.inner * size.reduced + k) * size.inner + column % size.inner;
      ${each((n) => `total${n} = combined(total${n}, ${results[n]!.term});`)}
    }
  }
  ${each((n) => `let result${n} = reduce(total${n});`)}
  if (row == 0u && column < size.columns) {
    let place = (column / size.inner * size.parts + part) * size.inner + column % size.inner;
    ${each((n) => `set_y${n}(place, result${n});`)}
  }
}`;
  const sizes = { reduced, inner, columns: outer * inner, parts, tiles };
  const outputs = Object.fromEntries(partials.map((partial, n) => [`y${n}`, partial]));
  return { operands: { ...operands, ...outputs }, sizes, workgroups: tiles * parts, code };
}

const reductionKernel =
  (kind: Reduction["kind"]) =>
  (call: KernelCall): Kernel => {
    const [x, output] = [call.inputs[0]!, call.outputs[0]!];
    const { first, end } = call.attributes as { readonly first: number; readonly end: number };
    const { shape } = x.spec;
    const sizes = {
      outer: sizeOf(shape.slice(0, first)),
      reduced: sizeOf(shape.slice(first, end)),
      inner: sizeOf(shape.slice(end)),
    };
    const results = [{ term: "x(j)", output }];
    return { passes: reducePasses(call, { kind, ...sizes, operands: { x }, results }) };
  };

export const sumKernel = reductionKernel("sum");
export const maximumOfKernel = reductionKernel("maximum");

/** y[0] = Σ x². */
export function sumOfSquaresKernel(call: KernelCall): Kernel {
  const numberOfSums = call.inputs.reduce(
    (sum, x) => sum + sharesOf(x.spec.size, readsPerThread),
    0,
  );
  const { sums, passes } = sumsInto(call, numberOfSums, call.outputs[0]!);
  const squares = passesOver(call.inputs, "total += x * x;", (first) => sumsByShare(sums, first));
  return { passes: [...squares, ...passes] };
}

/** Memory for so many sums, and the passes that add them up into a scalar; a single one is the scalar itself. */
export function sumsInto(
  call: KernelCall,
  count: number,
  output: Operand,
): { readonly sums: Operand; readonly passes: Pass[] } {
  if (count === 1) return { sums: output, passes: [] };
  const sums = call.scratch(spec([count]));
  const results = [{ term: "sums(j)", output }];
  const sizes = { kind: "sum", outer: 1, reduced: count, inner: 1 } as const;
  return { sums, passes: reducePasses(call, { ...sizes, operands: { sums }, results }) };
}

/**
 * A thread begins with the first number and takes another only if it is larger, so that neither NaN nor a later one of equals
 * takes the place of what is there.
 */
export function argmaxKernel({ inputs, outputs: [output] }: KernelCall): Kernel {
  const [x] = inputs as [Operand];
  const width = x.spec.shape.at(-1)!;
  const body = `let row = group * size.width;
  var best = 0u;
  for (var k = lane; k < size.width; k += ${lanes}u) { if (x(row + k) > x(row + best)) { best = k; } }
  bestOf[lane] = best;
  workgroupBarrier();
  for (var half = ${lanes / 2}u; half > 0u; half /= 2u) {
    if (lane < half) {
      let other = bestOf[lane + half];
      let a = x(row + bestOf[lane]);
      let b = x(row + other);
      if (b > a || (b == a && other < bestOf[lane])) { bestOf[lane] = other; }
    }
    workgroupBarrier();
  }
  if (lane == 0u) { set_y(group, i32(bestOf[0])); }`;
  const functions = `var<workgroup> bestOf: array<u32, ${lanes}>;`;
  const operands = { x, y: output! };
  return { passes: [rowsPass({ rows: output!.spec.size, width, operands, body, functions })] };
}
