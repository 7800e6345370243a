/** Sizes and operands of attention, and the functions through which its passes read, hide and write rows of a head. */
import type { TensorSpec } from "../../../graph/tensor.js";
import { type KernelCall, type Operand, literal } from "../pass.js";

/** What has rows: "output" is the result, or its gradient. */
type Part = "query" | "key" | "value" | "output";

const parts: readonly Part[] = ["query", "key", "value"];

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

  /** The operands that hold queries, keys and values. */
  operands(inputs: readonly Operand[]): Record<string, Operand> {
    if (this.joined) return { joined: inputs[0]! };
    return { queries: inputs[0]!, keys: inputs[1]!, values: inputs[2]! };
  }

  /** The functions that read queries, keys and values. */
  get readers(): string {
    const operands = this.joined ? ["joined", "joined", "joined"] : ["queries", "keys", "values"];
    return parts.map((part, i) => this.reader(part, operands[i]!)).join("\n");
  }

  /**
   * A function that reads elements 4 * slot to 4 * slot + 3 of a row of an operand, for the batch and the head at hand.
   * Elements and rows that do not exist, or are hidden, are zeros: what hidden keys hold, infinity included, is never seen.
   */
  reader(part: Part, operand: string): string {
    const isAbsent = this.#isOfKeys(part) ? "isHidden(row)" : "row >= size.queries";
    return `fn ${part}Four(row: u32, slot: u32) -> vec4f {
  let d = 4u * slot;
  var four = vec4f();
  if (d >= ${this.depth}u || ${isAbsent}) { return four; }
  let at = ${this.#start(part)} + d;
  ${this.#eachOfFour((c, i) => `four.${c} = ${operand}(at + ${i}u);`)}
  return four;
}`;
  }

  /** A function that writes to an operand what a reader would read from it. */
  writer(part: Part, operand: string): string {
    return `fn set_${part}Four(row: u32, slot: u32, four: vec4f) {
  if (row >= ${this.#isOfKeys(part) ? "size.keys" : "size.queries"}) { return; }
  let d = 4u * slot;
  if (d >= ${this.depth}u) { return; }
  let at = ${this.#start(part)} + d;
  ${this.#eachOfFour((c, i) => `set_${operand}(at + ${i}u, four.${c});`)}
}`;
  }

  /**
   * What is added to the scores of a key. The exponential of a hidden key's score, less any sum or maximum of scores that
   * is at least `lowest`, is 0.
   */
  get hiding(): string {
    const isAdditive = this.maskKind === "additive";
    const mask = "mask(batch * size.keys + key)";
    return `const lowest = -3.0e38;
fn isHidden(key: u32) -> bool { return key >= visible${isAdditive ? ` || ${mask} < lowest` : ""}; }
fn added(key: u32) -> f32 {
  if (isHidden(key)) { return -3.4e38; }
  return ${isAdditive ? mask : "0.0"};
}`;
  }

  /** Statements that find how many keys, from the first, a mask may leave visible: `keyCount`, the same for all threads. */
  get findVisible(): string {
    if (this.maskKind !== "lengths") return "let keyCount = size.keys; visible = keyCount;";
    // What is read from memory may differ from thread to thread, as far as WGSL knows.
    return `if (lane == 0u) { length = u32(clamp(mask(batch), 0, i32(size.keys))); }
  let keyCount = workgroupUniformLoad(&length); visible = keyCount;`;
  }

  /** A statement for each of four elements, as far as they are within a row. */
  #eachOfFour(statement: (component: string, i: number) => string): string {
    const { depth } = this;
    const isWhole = depth % 4 === 0;
    return ["x", "y", "z", "w"]
      .map((c, i) =>
        isWhole ? statement(c, i) : `if (d + ${i}u < ${depth}u) { ${statement(c, i)} }`,
      )
      .join(" ");
  }

  #isOfKeys(part: Part): boolean {
    return part === "key" || part === "value";
  }

  #start(part: Part): string {
    const width = this.heads * this.depth;
    const isJoined = this.joined && part !== "output";
    const rows = this.#isOfKeys(part) ? "size.keys" : "size.queries";
    const first = isJoined ? parts.indexOf(part) * width : 0;
    const stride = isJoined ? 3 * width : width;
    return `(batch * ${rows} + row) * ${stride}u + ${first}u + head * ${this.depth}u`;
  }
}
