/** Traces a function of a model's parameters into an ONNX graph, with the sizes of batch and text left open. */
import { TensorProto_DataType as DataType } from "onnx-buf";
import type { State } from "../../backend/state.js";
import { type Mapped, mapTree } from "../../base/tree.js";
import { ancestors } from "../../graph/order.js";
import { placeholder, placeholderOf } from "../../graph/placeholder.js";
import { type Tensor, type TensorSpec, spec } from "../../graph/tensor.js";
import type { FlavaConfig } from "../../model/config.js";
import { OnnxGraph, type OpenSizes } from "./graph.js";
import { lower } from "./lowering.js";
import { type WeightStorage, addWeight } from "./weights.js";

/** What a model can be given. */
export interface Inputs {
  /** Normalized images, float32 [B, 3, H, W]. */
  readonly pixels: Tensor;
  /** Word pieces, int32 [B, L]. */
  readonly ids: Tensor;
  /** Number of tokens of each text, int32 [B]. */
  readonly lengths: Tensor;
  /** Segment of each token, int32 [B, L]. */
  readonly types: Tensor;
}

export interface Sizes {
  readonly config: FlavaConfig;
  /** Side of the images in pixels. */
  readonly imageSize: number;
}

/** A batch of this size is open. */
const anyBatch = 1_000_003;

/** Sizes that stand for open ones: no parameter and no image has them. */
function openSizes({ config, imageSize }: Sizes, specs: Iterable<TensorSpec>): OpenSizes {
  const image = 1 + (imageSize / config.image.patch) ** 2; // tokens
  const taken = new Set([image, 1 + image, ...[...specs].flatMap(({ shape }) => shape)]);
  for (let length = config.text.positions; length > 0; length--) {
    const sequence = 1 + image + length;
    if (taken.has(length) || taken.has(sequence)) continue;
    return new Map([
      [anyBatch, "batch"],
      [length, "length"],
      [sequence, "sequence"],
    ]);
  }
  throw new Error("This model has no length of texts that could be left open.");
}

/** How the inputs are called in ONNX, with Hugging Face's names and types, and how ours follow from them. */
const declarations: {
  readonly [K in keyof Inputs]: (graph: OnnxGraph, shape: readonly number[]) => string;
} = {
  pixels: (graph, shape) => graph.input("pixel_values", DataType.FLOAT, shape),
  ids: (graph, shape) => toInt32(graph, graph.input("input_ids", DataType.INT64, shape)),
  types: (graph, shape) => toInt32(graph, graph.input("token_type_ids", DataType.INT64, shape)),
  lengths(graph, [batch]) {
    const mask = graph.input("attention_mask", DataType.INT64, [batch!, lengthOf(graph)]);
    return toInt32(graph, graph.node("ReduceSum", [mask, graph.list([1])], { keepdims: 0 }));
  },
};

const toInt32 = (graph: OnnxGraph, value: string): string =>
  graph.node("Cast", [value], { to: DataType.INT32 });

const lengthOf = ({ open }: OnnxGraph): number =>
  [...open].find(([, name]) => name === "length")![0];

/**
 * The graph of `body`, which computes named results from the parameters and those of the inputs that it reads.
 *
 * @param storage how the weights are stored
 */
export async function traceOnnx<S>(
  name: string,
  state: State<S>,
  sizes: Sizes,
  storage: WeightStorage,
  body: (state: Mapped<S, TensorSpec, Tensor>, inputs: Inputs) => Readonly<Record<string, Tensor>>,
): Promise<OnnxGraph> {
  const specs = state.paths.map((path) => state.spec(path));
  const graph = new OnnxGraph(name, openSizes(sizes, specs));
  const length = lengthOf(graph);
  const { imageSize, config } = sizes;
  const words = spec([anyBatch, length], "int32");
  const results = body(
    mapTree(state.specs, (leaf: TensorSpec, path) => placeholder(leaf, path, "state")),
    {
      pixels: placeholder(
        spec([anyBatch, config.image.channels, imageSize, imageSize]),
        "pixels" satisfies keyof Inputs,
      ),
      ids: placeholder(words, "ids" satisfies keyof Inputs),
      lengths: placeholder(spec([anyBatch], "int32"), "lengths" satisfies keyof Inputs),
      types: placeholder(words, "types" satisfies keyof Inputs),
    },
  );
  const names = new Map<Tensor, string>();
  for (const node of ancestors(Object.values(results))) {
    const [first] = node.outputs as [Tensor];
    const inputs = node.inputs.map((input) => names.get(input)!);
    const source = await sourceOf(graph, first, state, storage);
    names.set(first, source ?? lower(graph, node, inputs));
  }
  for (const [output, tensor] of Object.entries(results)) {
    graph.output(output, names.get(tensor)!, tensor);
  }
  return graph;
}

/** The name of a tensor that comes from outside; undefined for one that is computed. */
async function sourceOf<S>(
  graph: OnnxGraph,
  tensor: Tensor,
  state: State<S>,
  storage: WeightStorage,
): Promise<string | undefined> {
  const held = placeholderOf(tensor);
  if (!held) return undefined;
  const { source, path, shape, dtype, values } = held;
  if (source === "input") return declarations[path as keyof Inputs](graph, shape);
  if (source === "state") {
    return addWeight(graph, path, shape, (await state.read(path)) as Float32Array, storage);
  }
  return graph.constant([...values!], dtype, shape);
}
