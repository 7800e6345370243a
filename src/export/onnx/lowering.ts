/** What each operation of a traced forward pass is in ONNX (operator set 20), in float32. */
import { TensorProto_DataType as DataType } from "onnx-buf";
import type { Attributes, Node, Tensor } from "../../graph/tensor.js";
import { type OnnxGraph, dataTypes } from "./graph.js";

/** Adds the operators for a node, given the names of its inputs; the name of its first result, the only one in use. */
type Lowering = (graph: OnnxGraph, node: Node, inputs: readonly string[]) => string;

/** An operation that ONNX has under another name. */
const renamed =
  (type: string): Lowering =>
  (graph, _node, inputs) =>
    graph.node(type, inputs);

/** A comparison, whose result is 1 or 0. */
const comparison =
  (type: string): Lowering =>
  (graph, _node, inputs) =>
    graph.node("Cast", [graph.node(type, inputs)], { to: DataType.FLOAT });

// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the operation's file knows the type
const attributesOf = <A extends Attributes>(node: Node): A => node.attributes as A;
const resultOf = ({ outputs }: Node): Tensor => outputs[0]!;

const table: Readonly<Record<string, Lowering>> = {
  add: renamed("Add"),
  subtract: renamed("Sub"),
  multiply: renamed("Mul"),
  divide: renamed("Div"),
  maximum: renamed("Max"),
  minimum: renamed("Min"),
  negate: renamed("Neg"),
  reciprocal: renamed("Reciprocal"),
  exp: renamed("Exp"),
  log: renamed("Log"),
  tanh: renamed("Tanh"),
  sigmoid: renamed("Sigmoid"),
  gelu: renamed("Gelu"),
  stopGradient: renamed("Identity"),
  equal: comparison("Equal"),
  less: comparison("Less"),
  matmul,
  attention,
  affine(graph, node, [x]) {
    const { a, b } = attributesOf<{ a: number; b: number }>(node);
    const { dtype } = resultOf(node);
    const scaled = a === 1 ? x! : graph.node("Mul", [x!, graph.constant([a], dtype)]);
    return b === 0 ? scaled : graph.node("Add", [scaled, graph.constant([b], dtype)]);
  },
  broadcast: (graph, node, [x]) => graph.node("Expand", [x!, graph.shape(resultOf(node).shape)]),
  cast: (graph, node, inputs) =>
    graph.node("Cast", inputs, { to: dataTypes[resultOf(node).dtype] }),
  concatenate: (graph, node, inputs) =>
    graph.node("Concat", inputs, { axis: attributesOf<{ axis: number }>(node).axis }),
  fill(graph, node) {
    const { shape, dtype } = resultOf(node);
    const value = graph.constant([attributesOf<{ value: number }>(node).value], dtype);
    return shape.length === 0 ? value : graph.node("Expand", [value, graph.shape(shape)]);
  },
  gatherRows: (graph, _node, inputs) => graph.node("Gather", inputs, { axis: 0 }),
  l2Normalize(graph, node, [x]) {
    const { epsilon } = attributesOf<{ epsilon: number }>(node);
    const norm = graph.node("ReduceL2", [x!, graph.list([-1])], { keepdims: 1 });
    return graph.node("Div", [x!, graph.node("Max", [norm, graph.constant([epsilon], "float32")])]);
  },
  layerNorm(graph, node, inputs) {
    const { epsilon } = attributesOf<{ epsilon: number }>(node);
    return graph.node("LayerNormalization", inputs, { axis: -1, epsilon: { float: epsilon } });
  },
  permute: (graph, node, inputs) =>
    graph.node("Transpose", inputs, {
      perm: attributesOf<{ axes: readonly number[] }>(node).axes,
    }),
  reshape(graph, node, [x]) {
    const before = node.inputs[0]!.shape;
    // Zero keeps the size of the axis, whatever it is.
    const sizes = resultOf(node).shape.map((size, axis) => (size === before[axis] ? 0 : size));
    return graph.node("Reshape", [x!, graph.shape(sizes)]);
  },
  select(graph, _node, [condition, a, b]) {
    const holds = graph.node("Cast", [condition!], { to: DataType.BOOL });
    return graph.node("Where", [holds, a!, b!]);
  },
  slice(graph, node, [x]) {
    const { starts } = attributesOf<{ starts: readonly number[] }>(node);
    const before = node.inputs[0]!.shape;
    const { shape } = resultOf(node);
    const axes = [...shape.keys()].filter((axis) => shape[axis] !== before[axis]);
    const begins = axes.map((axis) => starts[axis]!);
    // An open size is the end of a slice that begins at 0.
    const ends = axes.map((axis, i) => begins[i]! + shape[axis]!);
    return graph.node("Slice", [x!, graph.list(begins), graph.shape(ends), graph.list(axes)]);
  },
  softmax: (graph, _node, inputs) => graph.node("Softmax", inputs, { axis: -1 }),
};

function matmul(graph: OnnxGraph, node: Node, [a, b, bias]: readonly string[]): string {
  const { transposeA, transposeB } = attributesOf<{ transposeA: boolean; transposeB: boolean }>(
    node,
  );
  if (transposeA) throw new Error("A product of a transposed left factor has no form in ONNX yet.");
  const right = transposeB ? graph.node("Transpose", [b!], { perm: [1, 0] }) : b!;
  const product = graph.node("MatMul", [a!, right]);
  return bias === undefined ? product : graph.node("Add", [product, bias]);
}

type AttentionAttributes = {
  heads: number;
  scale: number;
  maskKind: "none" | "lengths" | "additive";
  joined: boolean;
};

/** The scores are stored here; engines fuse the operators again. */
function attention(graph: OnnxGraph, node: Node, inputs: readonly string[]): string {
  const { heads, scale, maskKind, joined } = attributesOf<AttentionAttributes>(node);
  const width = resultOf(node).shape.at(-1)!;
  const [q, k, v] = joined
    ? graph.nodes("Split", [inputs[0]!], 3, { axis: 2, num_outputs: 3 })
    : inputs;
  const mask = inputs[joined ? 1 : 3];
  const split = (x: string, perm: readonly number[]): string => {
    const parts = graph.node("Reshape", [x, graph.list([0, 0, heads, width / heads])]);
    return graph.node("Transpose", [parts], { perm });
  };
  const query = split(q!, [0, 2, 1, 3]); // [B, H, L, d]
  const key = split(k!, [0, 2, 3, 1]); // [B, H, d, L]
  const scaled = graph.node("Mul", [query, graph.constant([scale], "float32")]);
  const scores = graph.node("MatMul", [scaled, key]);
  const masked =
    mask === undefined
      ? scores
      : maskKind === "lengths"
        ? hideBeyond(graph, scores, k!, mask)
        : graph.node("Add", [scores, graph.node("Unsqueeze", [mask, graph.list([1, 2])])]);
  const probabilities = graph.node("Softmax", [masked], { axis: -1 });
  const mixed = graph.node("MatMul", [probabilities, split(v!, [0, 2, 1, 3])]);
  const rows = graph.node("Transpose", [mixed], { perm: [0, 2, 1, 3] });
  return graph.node("Reshape", [rows, graph.list([0, 0, width])]);
}

/** Scores [B, H, L, L] with the least number at all keys [B, L, D] but the first `lengths` of each sample, int32 [B]. */
function hideBeyond(graph: OnnxGraph, scores: string, keys: string, lengths: string): string {
  const scalar = (value: number): string => graph.constant([value], "int64");
  const size = graph.node("Shape", [keys], { start: 1, end: 2 });
  const count = graph.node("Squeeze", [size, graph.list([0])]);
  const places = graph.node("Range", [scalar(0), count, scalar(1)]);
  const ends = graph.node("Cast", [graph.node("Unsqueeze", [lengths, graph.list([1])])], {
    to: DataType.INT64,
  });
  const visible = graph.node("Less", [places, ends]); // [B, L]
  const spread = graph.node("Unsqueeze", [visible, graph.list([1, 2])]);
  const least = graph.constant([-3.4028234663852886e38], "float32");
  return graph.node("Where", [spread, scores, least]);
}

/**
 * Adds the operators for a node.
 * @throws Error if the operation has no form in ONNX
 */
export function lower(graph: OnnxGraph, node: Node, inputs: readonly string[]): string {
  const lowering = table[node.op.name];
  if (lowering) return lowering(graph, node, inputs);
  throw new Error(`${node.label} has no form in ONNX.`);
}
