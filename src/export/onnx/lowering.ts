/** What each operation of a traced forward pass is in ONNX (operator set 20). */
import { TensorProto_DataType as DataType } from "onnx-buf";
import type { Attributes, Dtype, Node, Tensor } from "../../graph/tensor.js";
import type { AttributeValue, OnnxGraph, Weight } from "./graph.js";
import { stacked, storeFloat16, storeInt8, transposed } from "./weights.js";

/** Adds the operators for a node, given the names of its inputs; the name of its first result, the only one in use. */
type Lowering = (graph: OnnxGraph, node: Node, inputs: readonly string[]) => string;

// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the operation's file knows the type
const attributesOf = <A extends Attributes>(node: Node): A => node.attributes as A;
const resultOf = ({ outputs }: Node): Tensor => outputs[0]!;

/** An operation that ONNX has under another name. */
const operator =
  (type: string, attributes: Readonly<Record<string, AttributeValue>> = {}): Lowering =>
  (graph, _node, inputs) =>
    graph.node(type, inputs, attributes);

/** The same, for inputs of the type of the result. */
const renamed =
  (type: string): Lowering =>
  (graph, node, inputs) =>
    graph.node(type, inputsAs(resultOf(node).dtype, graph, node, inputs));

/** A comparison, whose result is 1 or 0. */
const comparison =
  (type: string): Lowering =>
  (graph, node, inputs) => {
    const holds = graph.node(type, inputsAs("float32", graph, node, inputs));
    return graph.node("Cast", [holds], { to: graph.typeOf(resultOf(node).dtype) });
  };

/** An operation that computes in float32 whatever its inputs are. */
const exact =
  (lowering: Lowering): Lowering =>
  (graph, node, inputs) => {
    const result = lowering(graph, node, inputsAs("float32", graph, node, inputs));
    return graph.cast(result, "float32", resultOf(node).dtype);
  };

/** The inputs of a node, floating-point ones cast to `dtype`. */
function inputsAs(
  dtype: Dtype,
  graph: OnnxGraph,
  node: Node,
  inputs: readonly string[],
): readonly string[] {
  return inputs.map((input, i) => {
    const from = node.inputs[i]!.dtype;
    return from === "int32" ? input : graph.cast(input, from, dtype);
  });
}

const table: Readonly<Record<string, Lowering>> = {
  add: renamed("Add"),
  subtract: renamed("Sub"),
  multiply: renamed("Mul"),
  divide: renamed("Div"),
  maximum: renamed("Max"),
  minimum: renamed("Min"),
  negate: renamed("Neg"),
  reciprocal: exact(operator("Reciprocal")),
  exp: exact(operator("Exp")),
  log: exact(operator("Log")),
  tanh: renamed("Tanh"),
  sigmoid: renamed("Sigmoid"),
  gelu: renamed("Gelu"),
  stopGradient: renamed("Identity"),
  equal: comparison("Equal"),
  less: comparison("Less"),
  matmul,
  quantizedMatmul,
  attention,
  gatherRows,
  affine(graph, node, [x]) {
    const { a, b } = attributesOf<{ a: number; b: number }>(node);
    const { dtype } = resultOf(node);
    const scaled = a === 1 ? x! : graph.node("Mul", [x!, graph.constant([a], dtype)]);
    return b === 0 ? scaled : graph.node("Add", [scaled, graph.constant([b], dtype)]);
  },
  clamp: exact((graph, node, [x]) => {
    const { low, high } = attributesOf<{ low: number; high: number }>(node);
    return graph.node("Clip", [x!, ...[low, high].map((end) => graph.constant([end], "float32"))]);
  }),
  broadcast: (graph, node, [x]) => graph.node("Expand", [x!, graph.shape(resultOf(node).shape)]),
  cast: (graph, node, [x]) => graph.cast(x!, node.inputs[0]!.dtype, resultOf(node).dtype),
  concatenate(graph, node, inputs) {
    const { axis } = attributesOf<{ axis: number }>(node);
    const weights = inputs.map((input) => graph.weight(input));
    const all = weights.filter((weight) => weight !== undefined);
    if (axis === 0 && all.length === weights.length) return graph.declare(stacked(all));
    return graph.node("Concat", inputsAs(resultOf(node).dtype, graph, node, inputs), { axis });
  },
  fill(graph, node) {
    const { shape, dtype } = resultOf(node);
    const value = graph.constant([attributesOf<{ value: number }>(node).value], dtype);
    return shape.length === 0 ? value : graph.node("Expand", [value, graph.shape(shape)]);
  },
  l2Normalize: exact((graph, node, [x]) => {
    const { epsilon } = attributesOf<{ epsilon: number }>(node);
    const norm = graph.node("ReduceL2", [x!, graph.list([-1])], { keepdims: 1 });
    return graph.node("Div", [x!, graph.node("Max", [norm, graph.constant([epsilon], "float32")])]);
  }),
  layerNorm: exact((graph, node, inputs) => {
    const { epsilon } = attributesOf<{ epsilon: number }>(node);
    return graph.node("LayerNormalization", inputs, { axis: -1, epsilon: { float: epsilon } });
  }),
  permute: (graph, node, inputs) =>
    graph.node("Transpose", inputs, {
      perm: attributesOf<{ axes: readonly number[] }>(node).axes,
    }),
  // Operators store weights in 8 bits where they read them.
  quantizeWeights: (_graph, _node, [weight]) => weight!,
  reshape(graph, node, [x]) {
    const before = node.inputs[0]!.shape;
    // Zero keeps the size of the axis, whatever it is.
    const sizes = resultOf(node).shape.map((size, axis) => (size === before[axis] ? 0 : size));
    return graph.node("Reshape", [x!, graph.shape(sizes)]);
  },
  select(graph, _node, [condition, ...values]) {
    const holds = graph.node("Cast", [condition!], { to: DataType.BOOL });
    return graph.node("Where", [holds, ...values]);
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
  softmax: exact(operator("Softmax", { axis: -1 })),
};

/** Rows of a table. Those of a weight are read in the form in which it is stored, and widened afterwards. */
function gatherRows(graph: OnnxGraph, _node: Node, [rows, ids]: readonly string[]): string {
  const gather = (values: string): string => graph.node("Gather", [values, ids!], { axis: 0 });
  const weight = graph.weight(rows!);
  if (!weight || graph.dtype === "float32") return gather(rows!);
  const widen = (values: string): string => graph.node("Cast", [values], { to: DataType.FLOAT });
  if (graph.dtype === "float16") return widen(gather(storeFloat16(graph, weight)));
  const { elements, scales } = storeInt8(graph, weight, "row");
  const scale = graph.node("Unsqueeze", [gather(scales), graph.list([-1])]);
  return graph.node("Mul", [widen(gather(elements)), scale]);
}

type MatmulAttributes = {
  transposeA: boolean;
  transposeB: boolean;
  compute: "float32" | "bfloat16";
};

function matmul(graph: OnnxGraph, node: Node, [a, b, bias]: readonly string[]): string {
  const { transposeA, transposeB, compute } = attributesOf<MatmulAttributes>(node);
  if (transposeA) throw new Error("A product of a transposed left factor has no form in ONNX yet.");
  const [left, right] = node.inputs as [Tensor, Tensor];
  const weight = transposeB ? graph.weight(b!) : undefined;
  const factor = weight
    ? factorOf(graph, weight)
    : graph.cast(
        transposeB ? graph.node("Transpose", [b!], { perm: [1, 0] }) : b!,
        right.dtype,
        compute,
      );
  const product = graph.node("MatMul", [graph.cast(a!, left.dtype, compute), factor]);
  return withBias(graph, graph.cast(product, compute, resultOf(node).dtype), bias, node);
}

/** A weight [N, K] as the right factor [K, N] of a product. */
function factorOf(graph: OnnxGraph, weight: Weight): string {
  const across = transposed(weight);
  if (graph.dtype === "float32") return graph.declare(across);
  if (graph.dtype === "float16") return storeFloat16(graph, across);
  const { elements, scales } = storeInt8(graph, across, "column");
  return graph.node("DequantizeLinear", [elements, scales], { axis: 1 });
}

/** Engines compute the result in 8 bits: they recognize that both factors come from there. */
function quantizedMatmul(graph: OnnxGraph, node: Node, inputs: readonly string[]): string {
  const [x, values, , bias] = inputs;
  const quantized = graph.nodes("DynamicQuantizeLinear", [x!], 3);
  const rows = graph.node("DequantizeLinear", quantized);
  const product = graph.node("MatMul", [rows, factorOf(graph, graph.weight(values!)!)]);
  return withBias(graph, product, bias, node);
}

/** The sum of a product and a bias, if there is one: a weight in the dtype of the result. */
function withBias(graph: OnnxGraph, product: string, bias: string | undefined, node: Node): string {
  if (bias === undefined) return product;
  const weight = graph.weight(bias);
  const half = graph.typeOf(resultOf(node).dtype) === DataType.FLOAT16;
  return graph.node("Add", [product, half && weight ? storeFloat16(graph, weight) : bias]);
}

type AttentionAttributes = {
  heads: number;
  scale: number;
  maskKind: "none" | "lengths" | "additive";
  joined: boolean;
};

/** The scores are stored here; engines fuse the operators again. Masks and softmax are in float32. */
function attention(graph: OnnxGraph, node: Node, inputs: readonly string[]): string {
  const { heads, scale, maskKind, joined } = attributesOf<AttentionAttributes>(node);
  const { shape, dtype } = resultOf(node);
  const width = shape.at(-1)!;
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
  const scaled = graph.node("Mul", [query, graph.constant([scale], dtype)]);
  const scores = graph.cast(graph.node("MatMul", [scaled, key]), dtype, "float32");
  const masked =
    mask === undefined
      ? scores
      : maskKind === "lengths"
        ? hideBeyond(graph, scores, k!, mask)
        : graph.node("Add", [scores, graph.node("Unsqueeze", [mask, graph.list([1, 2])])]);
  const probabilities = graph.node("Softmax", [masked], { axis: -1 });
  const mixed = graph.node("MatMul", [
    graph.cast(probabilities, "float32", dtype),
    split(v!, [0, 2, 1, 3]),
  ]);
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
