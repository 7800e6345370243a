/** The tiled product behind matrix products and convolutions. */
import { type Dtype, spec } from "../../../graph/tensor.js";
import { type KernelCall, type Operand, type Pass, groupIndex, mainParameters } from "../pass.js";
import { eachPass } from "./map.js";

type Operands = Readonly<Record<string, Operand>>;

/** Functions in WGSL, and the operands that they access. */
interface Functions {
  readonly code: string;
  readonly operands: Operands;
}

interface Product {
  readonly M: number;
  readonly N: number;
  readonly K: number;
  /** `left(m, k)` and `right(k, n)`, which read M, N and K as `size.M` and so on; they are called within these only. */
  readonly factors: Functions;
  /** `store(m, n, sum)`, called once for each element of the result. */
  readonly result: Functions;
  /** The indices along which the factors are consecutive in memory. */
  readonly alongLeft: "m" | "k";
  readonly alongRight: "k" | "n";
}

/** What a workgroup computes: a square of the result, of which each thread sums `own` rows and columns in registers. */
interface Tile {
  readonly side: number;
  readonly own: 4 | 8;
  /** Terms of both factors that are in the workgroup's memory at a time. */
  readonly depth: number;
  /** Workgroups that it takes to keep a large GPU busy. */
  readonly enough: number;
}

/** Workgroups that give each core of a large GPU something to do. */
const busy = 128;

/** The larger a tile, the more sums each factor that is read goes into. */
const tiles: readonly Tile[] = [
  { side: 128, own: 8, depth: 16, enough: 4 * busy },
  { side: 64, own: 4, depth: 16, enough: busy },
  { side: 32, own: 4, depth: 32, enough: 0 },
];

const tilesIn = ({ M, N }: Product, { side }: Tile): number =>
  Math.ceil(M / side) * Math.ceil(N / side);

/**
 * The tile, and into how many slices K is divided, which different workgroups sum. Where rows of the result belong to samples,
 * K alone decides that, so that the bits of a row do not depend on the rows beside it; where K runs over the samples (the
 * gradients of weights), it is as many as keep the GPU busy.
 */
function division(product: Product): { readonly tile: Tile; readonly slices: number } {
  const { K, alongLeft } = product;
  const isOverSamples = alongLeft === "m";
  const most = Math.max(1, isOverSamples ? Math.ceil(K / 256) : K > 4096 ? Math.ceil(K / 2048) : 1);
  const tile = tiles.find((each) => isFilled(product, each, most))!;
  if (!isOverSamples) return { tile, slices: most };
  const needed = Math.ceil(Math.max(busy, tile.enough) / Math.max(1, tilesIn(product, tile)));
  return { tile, slices: Math.min(most, needed) };
}

/** Whether there is enough to do for tiles of this size; always for the smallest. */
function isFilled(product: Product, tile: Tile, slices: number): boolean {
  if (tile === tiles.at(-1)) return true;
  const isNarrow = 2 * Math.min(product.M, product.N) <= tile.side;
  return !isNarrow && tilesIn(product, tile) * slices >= tile.enough;
}

/** The passes of a product: one, and where K is divided another that adds the sums of the slices, in their order. */
export function productPasses(call: KernelCall, product: Product): Pass[] {
  const { M, N, K, result } = product;
  const { tile, slices } = division(product);
  if (slices === 1) return [tilePass(product, tile, 1)];
  const partial = call.scratch(spec([slices, M, N]));
  // `sliceOfThread` is for `store` alone: loops with barriers need a local variable, which WGSL can prove to be uniform.
  const sums: Functions = {
    code: `fn store(m: u32, n: u32, sum: f32) { set_partial((sliceOfThread * size.M + m) * size.N + n, sum); }`,
    operands: { partial },
  };
  return [
    tilePass({ ...product, result: sums }, tile, slices),
    eachPass({
      count: M * N,
      sizes: { M, N, K, slices },
      operands: { partial, ...result.operands },
      functions: result.code,
      body: `var sum = 0.0;
  for (var slice = 0u; slice < size.slices; slice++) { sum += partial(slice * size.count + i); }
  store(i / size.N, i % size.N, sum);`,
    }),
  ];
}

/** Computes a tile of one slice of K in each workgroup. */
function tilePass(product: Product, tile: Tile, slices: number): Pass {
  const { M, N, K, factors, result } = product;
  const { side, depth } = tile;
  const [across, perSlice] = [Math.ceil(N / side), tilesIn(product, tile)];
  const workgroups = perSlice * slices;
  const slice = Math.ceil(K / slices / depth) * depth;
  const length = depth * quarterOf(tile);
  const code = `${factors.code}
${result.code}
${fourOf(tile)}
var<private> sliceOfThread: u32;
var<workgroup> leftTile: array<vec4f, ${length}>;
var<workgroup> rightTile: array<vec4f, ${length}>;
@compute @workgroup_size(${threadsOf(tile)}) fn main(${mainParameters}) {
  ${groupIndex}
  if (group >= size.workgroups) { return; }
  let slice = group / size.perSlice;
  sliceOfThread = slice;
  let firstRow = (group % size.perSlice / size.across) * ${side}u;
  let firstColumn = (group % size.perSlice % size.across) * ${side}u;
  let row = lane / ${stepOf(tile)}u;
  let column = lane % ${stepOf(tile)}u;
  ${sumTile(product, tile)}
  ${eachSum(tile, (sum, r, c) => `storeFour(firstRow + ${r}, firstColumn + ${c}, ${sum});`)}
}`;
  const sizes = { M, N, K, across, perSlice, slice, workgroups };
  return { operands: { ...factors.operands, ...result.operands }, code, sizes, workgroups };
}

const threadsOf = (tile: Tile): number => stepOf(tile) ** 2;

/**
 * Rows and columns of a tile are in memory in fours, a quarter of the side apart: so neighboring threads read and store
 * neighboring numbers.
 */
const quarterOf = ({ side }: Tile): number => side / 4;

/** The place of a four of term `k`: threads that write neighboring terms do not meet in one bank of memory. */
const placeOf = (tile: Tile, k: string, four: string): string =>
  `${k} * ${quarterOf(tile)}u + (${four} ^ (${k} & 7u))`;

/** Functions that read four rows of the left factor, or columns of the right one, and store four columns; 0 outside. */
function fourOf(tile: Tile): string {
  const each = (statement: (c: number, away: string) => string): string =>
    [0, 1, 2, 3].map((c) => statement(c, `${c * quarterOf(tile)}u`)).join("\n  ");
  return `fn leftFour(m: u32, k: u32) -> vec4f {
  var four = vec4f();
  if (k >= size.K) { return four; }
  ${each((c, away) => `if (m + ${away} < size.M) { four[${c}] = left(m + ${away}, k); }`)}
  return four;
}
fn rightFour(k: u32, n: u32) -> vec4f {
  var four = vec4f();
  if (k >= size.K) { return four; }
  ${each((c, away) => `if (n + ${away} < size.N) { four[${c}] = right(k, n + ${away}); }`)}
  return four;
}
fn storeFour(m: u32, n: u32, sums: vec4f) {
  if (m >= size.M) { return; }
  ${each((c, away) => `if (n + ${away} < size.N) { store(m, n + ${away}, sums[${c}]); }`)}
}`;
}

/**
 * Sums the products of the slice. While a thread multiplies what is in the workgroup's memory, it already reads its part of the
 * next terms into registers. What reads is in one place of the code, as factors may be long functions: so the first round reads
 * alone.
 */
function sumTile({ alongLeft, alongRight }: Product, tile: Tile): string {
  const { side, depth } = tile;
  const reads = Array.from({ length: (side * depth) / 4 / threadsOf(tile) }, (_, i) => i);
  // Neighboring threads read neighboring numbers.
  const place = (name: string, i: number, isAlongK: boolean): string => {
    const [fast, slow] = isAlongK ? [`K${i}`, `${i}`] : [`${i}`, `K${i}`];
    const e = `(lane + ${i * threadsOf(tile)}u)`;
    const count = isAlongK ? depth : quarterOf(tile);
    return `let ${name}${fast} = ${e} % ${count}u; let ${name}${slow} = ${e} / ${count}u;`;
  };
  const each = (statement: (i: number) => string): string => reads.map(statement).join("\n  ");
  return `${eachSum(tile, (sum) => `var ${sum} = vec4f();`)}
  ${each((i) => place("left", i, alongLeft === "k") + place("right", i, alongRight === "k"))}
  ${each((i) => `var nextLeft${i} = vec4f(); var nextRight${i} = vec4f();`)}
  let first = slice * size.slice;
  let end = min(size.K, first + size.slice);
  for (var next = first; next < end + ${depth}u; next += ${depth}u) {
  if (next > first) {
  ${each(
    (i) => `leftTile[${placeOf(tile, `leftK${i}`, `left${i}`)}] = nextLeft${i};
  rightTile[${placeOf(tile, `rightK${i}`, `right${i}`)}] = nextRight${i};`,
  )}
  workgroupBarrier();
  }
  ${each(
    (i) => `nextLeft${i} = leftFour(firstRow + left${i}, next + leftK${i});
  nextRight${i} = rightFour(next + rightK${i}, firstColumn + right${i});`,
  )}
  if (next > first) {
  for (var k = 0u; k < ${depth}u; k++) {
    ${multiply(tile)}
  }
  workgroupBarrier();
  }
  }`;
}

/** Which groups of four rows of a tile, or columns, belong to a thread: its own number, and as many threads on. */
const groupsOf = ({ own }: Tile): readonly number[] => (own === 4 ? [0] : [0, 1]);
const stepOf = ({ side, own }: Tile): number => side / own;

function multiply(tile: Tile): string {
  const step = stepOf(tile);
  const factors = groupsOf(tile).map(
    (g) => `let a${g} = leftTile[${placeOf(tile, "k", `(row + ${g * step}u)`)}];
    let b${g} = rightTile[${placeOf(tile, "k", `(column + ${g * step}u)`)}];`,
  );
  const rows = groupsOf(tile).flatMap((g) => ["x", "y", "z", "w"].map((c) => ({ g, c })));
  return [
    ...factors,
    ...rows.flatMap(({ g, c }) =>
      groupsOf(tile).map((q) => `sum${g}${c}${q} += a${g}.${c} * b${q};`),
    ),
  ].join("\n    ");
}

/** A statement for each sum of a thread: four columns of one row. */
function eachSum(
  tile: Tile,
  statement: (sum: string, row: string, column: string) => string,
): string {
  const step = stepOf(tile);
  const groups = groupsOf(tile);
  return groups
    .flatMap((g) =>
      ["x", "y", "z", "w"].flatMap((c, i) =>
        groups.map((q) =>
          statement(
            `sum${g}${c}${q}`,
            `row + ${g * step + i * quarterOf(tile)}u`,
            `column + ${q * step}u`,
          ),
        ),
      ),
    )
    .join("\n  ");
}

/** A factor of this dtype as products in `compute` precision read it. */
export function factor(expression: string, dtype: Dtype, compute: unknown): string {
  const isRounded = compute === "bfloat16" && dtype === "float32";
  return isRounded ? `roundedToBfloat16(${expression})` : expression;
}
