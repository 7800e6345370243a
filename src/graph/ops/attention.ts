/**
 * Multi-head scaled dot-product attention, softmax(scale·Q·Kᵀ + mask)·V (Vaswani et al. 2017), as one operation forward
 * and one backward, so that the matrix of scores is never stored.
 */
import {
  type Op,
  type ReferenceTensor,
  type Shape,
  type Tensor,
  TensorSpec,
  sameShape,
} from "../tensor.js";
import { apply, applyAll, shapeError } from "../trace.js";
import { doubles } from "./doubles.js";
import { requireFloat } from "./require.js";

type AttentionAttributes = {
  heads: number;
  scale: number;
  /** "lengths": int32 [B], later keys are masked; "additive": float32 [B, Lk], added to the scores. */
  maskKind: "none" | "lengths" | "additive";
  compute: "float32" | "bfloat16";
  /** Queries, keys and values are side by side in one tensor [B, L, 3 * heads*D], and so are their gradients. */
  joined: boolean;
};

const schema = {
  heads: "number",
  scale: "number",
  maskKind: ["none", "lengths", "additive"],
  compute: ["float32", "bfloat16"],
  joined: "boolean",
} as const;

const keyCount = ({ joined }: AttentionAttributes, inputs: readonly TensorSpec[]): number =>
  inputs[joined ? 0 : 1]!.shape[1]!;

const attentionOp: Op<AttentionAttributes> = {
  name: "attention",
  infer(inputs, attributes) {
    checkShapes(inputs, attributes);
    const { shape, dtype } = inputs[0]!;
    const [B, Lq, width] = shape as [number, number, number];
    const result = new TensorSpec([B, Lq, attributes.joined ? width / 3 : width], dtype);
    return [result, new TensorSpec([B, attributes.heads, Lq], "float32")];
  },
  gradient({ inputs, outputs, attributes }, [dOutput]) {
    if (!dOutput) return [];
    const given = attributes.joined ? 1 : 3;
    const [output, logSumExp] = outputs as [Tensor, Tensor];
    const operands = [
      ...inputs.slice(0, given),
      output,
      logSumExp,
      dOutput,
      ...inputs.slice(given),
    ];
    return applyAll(attentionGradientOp, operands, attributes);
  },
  schema,
  finiteOutputs: 1, // logSumExp is -infinity for queries without visible keys
  flops: (attributes, inputs, [output]) => 4 * output!.size * keyCount(attributes, inputs),
  reference({ inputs, outputs: [output, logSumExp], attributes }) {
    const [q, k, v, mask] = operandsOf(inputs, attributes);
    if (!q || !k || !v || !output || !logSumExp) return;
    forEachQuery(q, k, attributes.heads, (query) => {
      const { probabilities, logSum } = attend(query, q, k, mask, attributes);
      logSumExp.data[query.row] = logSum;
      const mean = new Float64Array(query.depth);
      for (let j = 0; j < probabilities.length; j++) {
        const [p, key] = [probabilities[j]!, keyAt(query, j)];
        for (let d = 0; d < mean.length; d++) mean[d]! += p * v.data[key + d]!;
      }
      output.data.set(mean, query.at);
    });
  },
};

/**
 * Inputs: Q, K, V (or joined), the output, its logSumExp, the gradient of the output, the mask if any. Results: dQ, dK,
 * dV.
 */
const attentionGradientOp: Op<AttentionAttributes> = {
  name: "attentionGradient",
  infer: (inputs, { joined }) => inputs.slice(0, joined ? 1 : 3),
  schema,
  flops: (attributes, inputs, [dQ]) =>
    (10 * dQ!.size * keyCount(attributes, inputs)) / (attributes.joined ? 3 : 1),
  reference({ inputs, outputs, attributes }) {
    // The probabilities are computed from the scores, not from output and logSumExp, which may have been rounded.
    const [q, k, v, , , dOutput, mask] = operandsOf(inputs, attributes);
    if (!q || !k || !v || !dOutput) return;
    const [dq, dk, dv] = [q, k, v].map(({ data }) => new Float64Array(data.length));
    if (!dq || !dk || !dv) return;
    forEachQuery(q, k, attributes.heads, (query) => {
      const { at, depth } = query;
      const { probabilities } = attend(query, q, k, mask, attributes);
      const dProbabilities = probabilities.map((_, j) =>
        dot(dOutput.data, at, v.data, keyAt(query, j), depth),
      );
      const mean = dot(probabilities, 0, dProbabilities, 0, probabilities.length);
      for (let j = 0; j < probabilities.length; j++) {
        const [p, key] = [probabilities[j]!, keyAt(query, j)];
        const dScore = attributes.scale * p * (dProbabilities[j]! - mean);
        for (let d = 0; d < depth; d++) {
          dq[at + d]! += dScore * k.data[key + d]!;
          dk[key + d]! += dScore * q.data[at + d]!;
          dv[key + d]! += p * dOutput.data[at + d]!;
        }
      }
    });
    if (attributes.joined) joinRows([dq, dk, dv], q.shape.at(-1)!, outputs[0]!.data);
    else for (const [index, values] of [dq, dk, dv].entries()) outputs[index]?.data.set(values);
  },
};

/** An operand of the reference kernels, in double precision whatever its dtype: one kind of array makes loops fast. */
interface Operand {
  readonly data: Float64Array;
  readonly shape: Shape;
}

/** The inputs, where queries, keys and values that are joined are three of them. */
function operandsOf(
  inputs: readonly ReferenceTensor[],
  { joined }: AttentionAttributes,
): readonly Operand[] {
  const all = inputs.map(({ data, shape }) => ({ data: doubles(data), shape }));
  if (!joined) return all;
  const [{ data, shape }, ...others] = all as [Operand, ...Operand[]];
  const width = shape.at(-1)! / 3;
  const parts = [0, 1, 2].map((part) => {
    const rows = new Float64Array(data.length / 3);
    for (let at = 0; at < rows.length; at += width) {
      const from = 3 * at + part * width;
      rows.set(data.subarray(from, from + width), at);
    }
    return { data: rows, shape: shape.with(-1, width) };
  });
  return [...parts, ...others];
}

/** Writes rows of `width` elements of each of `parts` side by side. */
function joinRows(
  parts: readonly Float64Array[],
  width: number,
  to: ReferenceTensor["data"],
): void {
  for (const [part, values] of parts.entries()) {
    for (let at = 0; at < values.length; at += width) {
      to.set(values.subarray(at, at + width), parts.length * at + part * width);
    }
  }
}

function checkShapes(inputs: readonly Tensor[], attributes: AttentionAttributes): void {
  const { heads, maskKind, joined } = attributes;
  const fail = (expected: string): Error => shapeError("attention", inputs, expected);
  const [first] = inputs as [Tensor];
  if (joined && (first.shape.length !== 3 || first.shape[2]! % (3 * heads) !== 0)) {
    throw fail(`queries, keys and values [B, L, 3*heads*D] of ${heads} heads`);
  }
  const one = joined
    ? new TensorSpec(first.shape.with(-1, first.shape[2]! / 3), first.dtype)
    : first;
  const others = joined ? [one, one, ...inputs.slice(1)] : inputs.slice(1);
  const [q, k, v, mask] = [one, ...others] as [TensorSpec, TensorSpec, TensorSpec, TensorSpec?];
  requireFloat("attention", ...inputs.slice(0, joined ? 1 : 3));
  const [B, , width] = q.shape;
  if (q.shape.length !== 3 || k.shape.length !== 3 || B !== k.shape[0] || width !== k.shape[2]) {
    throw fail("queries [B, Lq, heads*D] and keys [B, Lk, heads*D]");
  }
  if (!sameShape(k.shape, v.shape)) throw fail("keys and values of one shape");
  if (width! % heads !== 0) throw fail(`a last axis that ${heads} heads can share evenly`);
  if (maskKind === "lengths" && (!sameShape(mask!.shape, [B!]) || mask!.dtype !== "int32")) {
    throw fail(`lengths int32[${B!}]`);
  }
  const maskShape = [B!, k.shape[1]!];
  const additive = mask?.dtype === "float32" && sameShape(mask.shape, maskShape);
  if (maskKind === "additive" && !additive) throw fail(`a mask float32[${maskShape.join(", ")}]`);
}

/** One query of one head: offsets of its elements and its keys. */
interface Query {
  readonly batch: number;
  /** Index into logSumExp. */
  readonly row: number;
  readonly at: number;
  readonly firstKeyAt: number;
  /** Distance from one key to the next. */
  readonly stride: number;
  readonly depth: number;
}

const keyAt = (query: Query, j: number): number => query.firstKeyAt + j * query.stride;

function forEachQuery(q: Operand, k: Operand, heads: number, visit: (query: Query) => void): void {
  const [B, Lq, stride] = q.shape as [number, number, number];
  const Lk = k.shape[1]!;
  const depth = stride / heads;
  for (let batch = 0; batch < B; batch++) {
    for (let head = 0; head < heads; head++) {
      for (let i = 0; i < Lq; i++) {
        const row = (batch * heads + head) * Lq + i;
        const at = (batch * Lq + i) * stride + head * depth;
        const firstKeyAt = batch * Lk * stride + head * depth;
        visit({ batch, row, at, firstKeyAt, stride, depth });
      }
    }
  }
}

/** The attention probabilities of a query: all zeros, with logSum -infinity, if no key is visible. */
function attend(
  query: Query,
  q: Operand,
  k: Operand,
  mask: Operand | undefined,
  { scale, maskKind }: AttentionAttributes,
): { probabilities: Float64Array; logSum: number } {
  const Lk = k.shape[1]!;
  const scores = new Float64Array(Lk).map((_, j) => {
    if (maskKind === "lengths" && j >= mask!.data[query.batch]!) return -Infinity;
    const added = maskKind === "additive" ? mask!.data[query.batch * Lk + j]! : 0;
    return scale * dot(q.data, query.at, k.data, keyAt(query, j), query.depth) + added;
  });
  const highest = scores.reduce((high, score) => Math.max(high, score), -Infinity);
  if (highest === -Infinity) return { probabilities: scores.fill(0), logSum: -Infinity };
  const weights = scores.map((score) => Math.exp(score - highest));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return { probabilities: weights.map((weight) => weight / sum), logSum: highest + Math.log(sum) };
}

function dot(
  a: Float64Array,
  aFrom: number,
  b: Float64Array,
  bFrom: number,
  length: number,
): number {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += a[aFrom + i]! * b[bFrom + i]!;
  return sum;
}

/** Heads, and which keys are visible. */
export interface AttentionOptions {
  /** Number of heads, H, which divides the width. */
  readonly heads: number;
  /** Factor on the scores; default: 1/√D, where D is the size of one head. */
  readonly scale?: number;
  /** int32 [B]: how many keys of each sample are visible. Default: all. */
  readonly lengths?: Tensor | undefined;
  /** float32 [B, Lk], added to the scores, -infinity masks a key. Not differentiated. */
  readonly mask?: Tensor | undefined;
}

/**
 * Multi-head attention, softmax(scale·q·kᵀ + mask)·v: q [B, Lq, heads*D], k and v
 * [B, Lk, heads*D] -> [B, Lq, heads*D] in the dtype of q. A query without visible keys gives zeros.
 */
export function attention(q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions): Tensor {
  return apply(attentionOp, [q, k, v, ...hidden([q, k, v], options)], {
    ...attributesOf(q, q.shape.at(-1) ?? 0, options),
    joined: false,
  });
}

/**
 * `attention` of queries, keys and values that lie side by side in one tensor: [B, L, 3 * heads*D] -> [B, L, heads*D].
 */
export function selfAttention(qkv: Tensor, options: AttentionOptions): Tensor {
  return apply(attentionOp, [qkv, ...hidden([qkv], options)], {
    ...attributesOf(qkv, (qkv.shape.at(-1) ?? 0) / 3, options),
    joined: true,
  });
}

/** The mask tensor, if any. */
function hidden(given: readonly Tensor[], { lengths, mask }: AttentionOptions): readonly Tensor[] {
  if (lengths && mask) {
    throw shapeError("attention", [...given, lengths, mask], "lengths or a mask, not both");
  }
  const one = lengths ?? mask;
  return one ? [one] : [];
}

function attributesOf(
  { dtype }: Tensor,
  width: number,
  { heads, scale, lengths, mask }: AttentionOptions,
): Omit<AttentionAttributes, "joined"> {
  return {
    heads,
    scale: scale ?? 1 / Math.sqrt(width / heads),
    maskKind: lengths ? "lengths" : mask ? "additive" : "none",
    compute: dtype === "bfloat16" ? "bfloat16" : "float32",
  };
}
