/**
 * How passes of attention share work among the threads of a workgroup.
 *
 * A pass has own rows (queries, or keys), and for these looks at all rows of the other kind. Four own rows belong to a team of
 * threads, each of which holds some elements of all four in registers, a `vec4f` being one element of four rows. So a number
 * that is read from the memory of the workgroup, whose speed is the limit, serves four multiplications and additions. Other
 * rows come there in tiles. Products of own rows and those of a tile are summed in two steps: by each thread over its own
 * elements, then over the threads of the team.
 *
 * Arrays of a thread are only indexed by literals, hence the repeated statements: only then every compiler keeps them in
 * registers.
 */
import { type Operand, type Pass, groupIndex, mainParameters } from "../pass.js";
import type { AttentionShape } from "./attention-shape.js";

const threads = 64;
/** Bytes of workgroup memory that every adapter has, and of a vector. */
const [workgroupBytes, vectorBytes] = [16384, 16];

interface TeamPass {
  readonly operands: Readonly<Record<string, Operand>>;
  readonly functions: string;
  /** Of how many rows each team has four. */
  readonly rows: number;
  /** Which of them, from the first on, have anything to do: an expression. */
  readonly activeRows: string;
  readonly body: string;
}

interface Tiles {
  /** The number of rows: an expression, the same for all threads. */
  readonly count: string;
  /** The functions that read them, for `tileA` and `tileB`. */
  readonly readers: readonly [string, string];
  /** Two further numbers of row `j`, for `ofRow`. */
  readonly numbers: string;
  readonly each: string;
}

export class Teams {
  /** Threads of a team. */
  readonly #size: number;
  /** Vectors of four elements that a thread has of each row. */
  readonly #chunks: number;
  /** Rows of a tile. */
  readonly #tile: number;

  /**
   * @param mostChunks - what registers suffice for
   * @param results - the names of results of `products`
   */
  constructor(
    readonly shape: AttentionShape,
    mostChunks: number,
    readonly results: readonly string[],
  ) {
    const vectors = Math.max(1, Math.ceil(shape.depth / 4));
    this.#size = Math.min(threads, 2 ** Math.ceil(Math.log2(Math.max(1, vectors / mostChunks))));
    this.#chunks = Math.ceil(vectors / this.#size);
    const tile = [8, 4, 2, 1].find((tile) => this.#bytes(tile) <= workgroupBytes);
    if (tile === undefined) {
      throw new Error(
        `Attention with ${shape.depth} elements per head needs more workgroup memory than WebGPU promises. Use more heads, or another backend.`,
      );
    }
    this.#tile = tile;
  }

  get #teams(): number {
    return threads / this.#size;
  }

  #bytes(tile: number): number {
    const vectors =
      2 * tile * this.#size * this.#chunks +
      tile * (threads + 1) +
      this.results.length * this.#teams * (tile + 1);
    return vectors * vectorBytes + 8 * tile + vectorBytes;
  }

  /** A pass; in its `body` the own rows are the four from `row` on. Arrays are padded lest threads read from one bank at a time. */
  pass({ operands, functions, rows, activeRows, body }: TeamPass): Pass {
    const { shape } = this;
    const { queries, keys, batch, heads } = shape;
    const blocks = Math.ceil(rows / (4 * this.#teams));
    const workgroups = batch * heads * blocks;
    const row = `array<array<vec4f, ${this.#size}>, ${this.#chunks}>`;
    const code = `var<private> batch: u32;
var<private> head: u32;
var<private> visible: u32;
${shape.hiding}
${functions}
var<workgroup> length: u32;
var<workgroup> tileA: array<${row}, ${this.#tile}>;
var<workgroup> tileB: array<${row}, ${this.#tile}>;
var<workgroup> ofRow: array<vec2f, ${this.#tile}>;
var<workgroup> partial: array<array<vec4f, ${threads + 1}>, ${this.#tile}>;
${this.results.map((name) => `var<workgroup> ${name}: array<array<vec4f, ${this.#tile + 1}>, ${this.#teams}>;`).join("\n")}
@compute @workgroup_size(${threads}) fn main(${mainParameters}) {
  ${groupIndex}
  if (group >= size.workgroups) { return; }
  head = (group / size.blocks) % ${heads}u;
  batch = group / (size.blocks * ${heads}u);
  ${shape.findVisible}
  let team = lane / ${this.#size}u;
  let member = lane % ${this.#size}u;
  let firstOfBlock = (group % size.blocks) * ${4 * this.#teams}u;
  let row = firstOfBlock + 4u * team;
  let isActive = row < ${activeRows};
  ${body}
}`;
    return { operands, code, sizes: { queries, keys, blocks, workgroups }, workgroups };
  }

  /** An array for the thread's elements of four rows: element `4 * c + i` is that of number `i` of its vector `c`. */
  declare(name: string): string {
    return `var ${name}: array<vec4f, ${4 * this.#chunks}>;`;
  }

  /**
   * Reads the own rows. Here and in `write`, loops over another array leave one call that reads or writes memory: inlined for
   * every row it would take long to compile.
   */
  read(name: string, reader: string): string {
    const set = this.#eachChunk(
      (c) =>
        `let elements = transpose(rows[${c}]); ${fourOf((i) => `${name}[${4 * c + i}] = elements[${i}];`, " ")}`,
    );
    return `{
    var rows: array<mat4x4f, ${this.#chunks}>;
    ${this.#overRows(`rows[c][i] = ${reader}(row + i, member + c * ${this.#size}u);`)}
    ${set}
  }`;
  }

  /** Writes the own rows. */
  write(name: string, writer: string): string {
    const set = this.#eachChunk(
      (c) => `rows[${c}] = transpose(mat4x4f(${fourOf((i) => `${name}[${4 * c + i}]`, ", ")}));`,
    );
    return `{
    var rows: array<mat4x4f, ${this.#chunks}>;
    ${set}
    ${this.#overRows(`${writer}(row + i, member + c * ${this.#size}u, rows[c][i]);`)}
  }`;
  }

  #overRows(statement: string): string {
    return `for (var c = 0u; c < ${this.#chunks}u; c++) { for (var i = 0u; i < 4u; i++) { ${statement} } }`;
  }

  #eachChunk(statements: (c: number) => string): string {
    return Array.from({ length: this.#chunks }, (_, c) => `{ ${statements(c)} }`).join("\n    ");
  }

  /** For each tile of rows: loads it, then performs `each`, which all threads run together. */
  overTiles({ count, readers: [a, b], numbers, each }: Tiles): string {
    const slots = this.#size * this.#chunks;
    const place = `[e / ${slots}u][(e % ${slots}u) / ${this.#size}u][e % ${this.#size}u]`;
    return `for (var first = 0u; first < ${count}; first += ${this.#tile}u) {
    for (var e = lane; e < ${this.#tile * slots}u; e += ${threads}u) {
      let j = first + e / ${slots}u; let slot = e % ${slots}u;
      tileA${place} = ${a}(j, slot);
      tileB${place} = ${b}(j, slot);
    }
    if (lane < ${this.#tile}u) { let j = first + lane; ofRow[lane] = ${numbers}; }
    workgroupBarrier();
    ${each}
    workgroupBarrier();
  }`;
  }

  /** For each row `t` of the tile, in the threads that have anything to do. */
  overTile(statements: string): string {
    return `for (var t = 0u; t < ${this.#tile}u; t++) { ${statements} }`;
  }

  /**
   * The products `sum` of four own rows and row `t` of a tile, and what follows from them, an expression, in
   * `result[team][t]`. All threads run it together.
   */
  products(own: string, tile: string, result: string, value: string): string {
    const terms = Array.from({ length: this.#chunks }, (_, c) => {
      const added = ["x", "y", "z", "w"].map((d, i) => `sum += ${own}[${4 * c + i}] * four.${d};`);
      return `{ let four = ${tile}[t][${c}][member]; ${added.join(" ")} }`;
    });
    return `if (isActive) {
      ${this.overTile(`var sum = vec4f(); ${terms.join("\n        ")} partial[t][lane] = sum;`)}
    }
    workgroupBarrier();
    if (isActive) {
      for (var t = member; t < ${this.#tile}u; t += ${this.#size}u) {
        var sum = partial[t][lane - member];
        for (var i = 1u; i < ${this.#size}u; i++) { sum += partial[t][lane - member + i]; }
        ${result}[team][t] = ${value};
      }
    }
    workgroupBarrier();`;
  }

  /** Adds row `t` of a tile to sums of each own row, by weights of these. */
  accumulate(sums: string, weights: string, tile: string): string {
    const terms = Array.from({ length: this.#chunks }, (_, c) => {
      const added = ["x", "y", "z", "w"].map(
        (d, i) => `${sums}[${4 * c + i}] += ${weights} * four.${d};`,
      );
      return `{ let four = ${tile}[t][${c}][member]; ${added.join(" ")} }`;
    });
    return terms.join("\n        ");
  }

  /** Multiplies sums of each own row. */
  rescale(sums: string, factor: string): string {
    return Array.from({ length: 4 * this.#chunks }, (_, i) => `${sums}[${i}] *= ${factor};`).join(
      " ",
    );
  }
}

/** A piece of code for each number from 0 to 3. */
const fourOf = (piece: (i: number) => string, between: string): string =>
  [0, 1, 2, 3].map(piece).join(between);
