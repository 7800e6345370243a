/** The tiled product behind matrix products and convolutions. */
import type { Dtype } from "../../../graph/tensor.js";
import { type Operand, type Pass, groupIndex, mainParameters } from "../pass.js";

interface Product {
  readonly M: number;
  readonly N: number;
  readonly K: number;
  readonly operands: Readonly<Record<string, Operand>>;
  /** Further numbers that they read as `size.name`, as they do `size.M`, `size.N` and `size.K`. */
  readonly sizes?: Readonly<Record<string, number>>;
  /** Functions `left(m, k)` and `right(k, n)`, the factors, and `store(m, n, sum)`; they are called within M, N and K only. */
  readonly functions: string;
  /** The indices along which the factors are consecutive in memory. */
  readonly alongLeft: "m" | "k";
  readonly alongRight: "k" | "n";
}

const [threads, columns, depth] = [256, 64, 16];

/**
 * A workgroup computes a tile of 64 columns and 64 rows, or 16 if there are no more: it loads 16 terms of both factors at a
 * time into its memory, and each thread sums 4 columns of 4 rows (or of one) in registers.
 */
export function productPass({
  M,
  N,
  K,
  operands,
  functions,
  alongLeft,
  alongRight,
  ...given
}: Product): Pass {
  const rows = M <= 16 ? 16 : 64;
  const own = Array.from({ length: rows / 16 }, (_, r) => r);
  const across = Math.ceil(N / columns);
  const workgroups = Math.ceil(M / rows) * across;
  const spread = (fast: string, slow: string, size: number): string =>
    `let ${fast} = e % ${size}u; let ${slow} = e / ${size}u;`;
  const [m, n] = [spread("m", "k", rows), spread("n", "k", columns)];
  const code = `${functions}
var<workgroup> leftTile: array<f32, ${rows * depth}>;
var<workgroup> rightTile: array<f32, ${columns * depth}>;
@compute @workgroup_size(${threads}) fn main(${mainParameters}) {
  ${groupIndex}
  if (group >= size.workgroups) { return; }
  let firstRow = (group / size.across) * ${rows}u;
  let firstColumn = (group % size.across) * ${columns}u;
  let row = (lane / 16u) * ${own.length}u;
  let column = (lane % 16u) * 4u;
  ${own.map((r) => `var sum${r} = vec4f();`).join(" ")}
  for (var first = 0u; first < size.K; first += ${depth}u) {
    for (var e = lane; e < ${rows * depth}u; e += ${threads}u) {
      ${alongLeft === "m" ? m : spread("k", "m", depth)}
      var value = 0.0;
      if (firstRow + m < size.M && first + k < size.K) { value = left(firstRow + m, first + k); }
      leftTile[k * ${rows}u + m] = value;
    }
    for (var e = lane; e < ${columns * depth}u; e += ${threads}u) {
      ${alongRight === "n" ? n : spread("k", "n", depth)}
      var value = 0.0;
      if (firstColumn + n < size.N && first + k < size.K) { value = right(first + k, firstColumn + n); }
      rightTile[k * ${columns}u + n] = value;
    }
    workgroupBarrier();
    for (var k = 0u; k < ${depth}u; k++) {
      let at = k * ${columns}u + column;
      let b = vec4f(rightTile[at], rightTile[at + 1u], rightTile[at + 2u], rightTile[at + 3u]);
      ${own.map((r) => `sum${r} += leftTile[k * ${rows}u + row + ${r}u] * b;`).join(" ")}
    }
    workgroupBarrier();
  }
  ${own.map((r) => `storeFour(firstRow + row + ${r}u, firstColumn + column, sum${r});`).join("\n  ")}
}
fn storeFour(m: u32, n: u32, sums: vec4f) {
  if (m >= size.M) { return; }
  for (var c = 0u; c < 4u; c++) { if (n + c < size.N) { store(m, n + c, sums[c]); } }
}`;
  const sizes = { M, N, K, across, workgroups, ...given.sizes };
  return { operands, code, sizes, workgroups };
}

/** A factor of this dtype as products in `compute` precision read it. */
export function factor(expression: string, dtype: Dtype, compute: unknown): string {
  const isRounded = compute === "bfloat16" && dtype === "float32";
  return isRounded ? `roundedToBfloat16(${expression})` : expression;
}
