/** Sizes and operands of attention, and the code that its passes share. */
import type { TensorSpec } from "../../../graph/tensor.js";
import {
  type KernelCall,
  type Operand,
  type Pass,
  groupIndex,
  lanes,
  literal,
  mainParameters,
} from "../pass.js";

/** Bytes of workgroup memory that every adapter has. */
const workgroupBytes = 16384;

export class AttentionShape {
  readonly heads: number;
  readonly joined: boolean;
  readonly scale: string;
  readonly maskKind: string;
  readonly batch: number;
  readonly queries: number;
  readonly keys: number;
  /** Of one head. */
  readonly depth: number;
  /** Number of tensors that hold queries, keys and values. */
  readonly given: 1 | 3;

  constructor({ inputs, attributes }: KernelCall) {
    const { heads, joined, scale, maskKind } = attributes;
    this.heads = heads as number;
    this.joined = joined as boolean;
    this.scale = literal(scale as number);
    this.maskKind = maskKind as string;
    this.given = this.joined ? 1 : 3;
    const [first, second = first] = inputs.map(({ spec }: { spec: TensorSpec }) => spec.shape);
    const [batch, queries, width] = first as [number, number, number];
    this.batch = batch;
    this.queries = queries;
    this.keys = this.joined ? queries : second![1]!;
    this.depth = width / this.heads / (this.joined ? 3 : 1);
  }

  /** Queries or keys that are in workgroup memory at a time. */
  get tile(): number {
    return Math.max(1, Math.min(32, Math.floor(workgroupBytes / (8 * this.depth + 8))));
  }

  /** The operands that hold queries, keys and values. */
  operands(inputs: readonly Operand[]): Record<string, Operand> {
    if (this.joined) return { joined: inputs[0]! };
    return { queries: inputs[0]!, keys: inputs[1]!, values: inputs[2]! };
  }

  /** The index of element `d` of row `i` of the head at hand in part 0, 1 or 2: queries, keys or values. */
  index(part: 0 | 1 | 2, i: string): string {
    const width = this.heads * this.depth;
    const row = `(batch * ${part === 0 ? "size.queries" : "size.keys"} + ${i})`;
    const first = this.joined ? part * width : 0;
    return `${row} * ${this.joined ? 3 * width : width}u + ${first}u + head * ${this.depth}u + d`;
  }

  element(part: 0 | 1 | 2, i: string): string {
    const name = this.joined ? "joined" : (["queries", "keys", "values"] as const)[part];
    return `${name}(${this.index(part, i)})`;
  }

  /** The score of a query and a key, `dot` being their product; keys that are hidden come before. */
  score(dot: string, j: string): string {
    const added = this.maskKind === "additive" ? ` + mask(batch * size.keys + ${j})` : "";
    return `${dot} * ${this.scale}${added}`;
  }

  /** Whether a key is hidden from all queries. */
  isHidden(j: string): string {
    if (this.maskKind === "lengths") return `i32(${j}) >= mask(batch)`;
    if (this.maskKind === "additive") return `mask(batch * size.keys + ${j}) < -3.0e38`;
    return "false";
  }

  /**
   * A pass with a thread for each of `rows` rows (queries or keys) of each head; `row` is its own, if it
   * `exists`. */
  pass(rows: number, operands: Readonly<Record<string, Operand>>, body: string): Pass {
    const blocks = Math.ceil(rows / lanes);
    const workgroups = this.batch * this.heads * blocks;
    const code = `var<workgroup> tileA: array<f32, ${this.tile * this.depth}>;
var<workgroup> tileB: array<f32, ${this.tile * this.depth}>;
@compute @workgroup_size(${lanes}) fn main(${mainParameters}) {
  ${groupIndex}
  if (group >= size.workgroups) { return; }
  let head = (group / size.blocks) % ${this.heads}u;
  let batch = group / (size.blocks * ${this.heads}u);
  let row = (group % size.blocks) * ${lanes}u + lane;
  let exists = row < size.rows;
  ${body}
}`;
    const { queries, keys } = this;
    return { operands, code, sizes: { queries, keys, rows, blocks, workgroups }, workgroups };
  }

  /** For each tile of `count` rows (an expression): loads elements of rows `j` into both tiles, then performs `each` for its rows `t`. */
  overTiles(count: string, a: string, b: string, each: string): string {
    const { tile, depth } = this;
    return `for (var first = 0u; first < ${count}; first += ${tile}u) {
    for (var e = lane; e < ${tile * depth}u; e += ${lanes}u) {
      let j = first + e / ${depth}u; let d = e % ${depth}u;
      if (j < ${count}) { tileA[e] = ${a}; tileB[e] = ${b}; }
    }
    workgroupBarrier();
    if (isActive) {
      for (var t = 0u; t < min(${tile}u, ${count} - first); t++) {
        let j = first + t;
        ${each}
      }
    }
    workgroupBarrier();
  }`;
  }

  /** A loop over the elements of a row. */
  overDepth(statement: string): string {
    return `for (var d = 0u; d < ${this.depth}u; d++) { ${statement} }`;
  }
}
