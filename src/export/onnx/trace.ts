/** Traces a function of a model's parameters into an ONNX graph, with the sizes of batch and text left open. */
import { TensorProto_DataType as DataType } from "onnx-buf";
import type { State } from "../../backend/state.js";
import { type Mapped, mapTree } from "../../base/tree.js";
import { ancestors } from "../../graph/order.js";
import { placeholder, placeholderOf } from "../../graph/placeholder.js";
import { type Tensor, type TensorSpec, spec } from "../../graph/tensor.js";
import type { FlavaConfig } from "../../model/config.js";
import type { OnnxDtype } from "./dtype.js";
import { OnnxGraph, type OpenSizes } from "./graph.js";
import { lower } from "./lowering.js";

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
  /** Tokens that an encoder has computed, float32 [N, D]. */
  readonly rows: Tensor;
}

export interface Sizes {
  readonly config: FlavaConfig;
  /** Of an image: [3, H, W]. */
  readonly view: readonly [number, number, number];
  /** D of `rows`. */
  readonly rowWidth: number;
  /** Whether there may be other numbers of images than of texts. */
  readonly separate: boolean;
}

export interface Traced<S> {
  readonly state: State<S>;
  readonly sizes: Sizes;
  /** How the model computes. */
  readonly dtype: OnnxDtype;
  /** Computes named results from the parameters and those of the inputs that it reads. */
  readonly body: (
    state: Mapped<S, TensorSpec, Tensor>,
    inputs: Inputs,
  ) => Readonly<Record<string, Tensor>>;
}

/** Numbers that stand for open sizes. */
const batch = 1_000_003;
const texts = 1_000_033;
const rows = 1_000_037;

/** The open sizes, and the length of texts among them, for which there is a number that no parameter and no image has. */
function openSizes(
  { config, view, separate }: Sizes,
  specs: Iterable<TensorSpec>,
): { readonly open: OpenSizes; readonly length: number } {
  const [, height, width] = view;
  const image = 1 + (height * width) / config.image.patch ** 2; // tokens
  const taken = new Set([image, 1 + image, ...[...specs].flatMap(({ shape }) => shape)]);
  for (let length = config.text.positions; length > 0; length--) {
    const sequence = 1 + image + length;
    if (taken.has(length) || taken.has(sequence)) continue;
    const open = new Map([
      [batch, separate ? "images" : "batch"],
      [texts, "texts"],
      [rows, "tokens"],
      [length, "length"],
      [sequence, "sequence"], // the length of a text together with an image
    ]);
    return { open, length };
  }
  throw new Error("This model has no length of texts that could be left open.");
}

function inputSpecs(sizes: Sizes, length: number): Readonly<Record<keyof Inputs, TensorSpec>> {
  const { view, rowWidth, separate } = sizes;
  const count = separate ? texts : batch;
  const words = spec([count, length], "int32");
  return {
    pixels: spec([batch, ...view]),
    ...{ ids: words, types: words, lengths: spec([count], "int32") },
    rows: spec([rows, rowWidth]),
  };
}

const toInt32 = (graph: OnnxGraph, value: string): string =>
  graph.node("Cast", [value], { to: DataType.INT32 });

/** Declares an input, with Hugging Face's name and type; the name of what is ours. */
function declare(
  graph: OnnxGraph,
  input: keyof Inputs,
  shape: readonly number[],
  length: number,
): string {
  switch (input) {
    case "pixels":
      return graph.input("pixel_values", DataType.FLOAT, shape);
    case "rows":
      return graph.input("hidden_states", DataType.FLOAT, shape);
    case "ids":
      return toInt32(graph, graph.input("input_ids", DataType.INT64, shape));
    case "types":
      return toInt32(graph, graph.input("token_type_ids", DataType.INT64, shape));
    case "lengths": {
      const mask = graph.input("attention_mask", DataType.INT64, [...shape, length]);
      return toInt32(graph, graph.node("ReduceSum", [mask, graph.list([1])], { keepdims: 0 }));
    }
  }
}

/** The graph of the body, with the parameters that it reads. */
export async function traceOnnx<S>(
  name: string,
  { state, sizes, dtype, body }: Traced<S>,
): Promise<OnnxGraph> {
  const { open, length } = openSizes(
    sizes,
    state.paths.map((path) => state.spec(path)),
  );
  const graph = new OnnxGraph(name, dtype, open);
  const specs = inputSpecs(sizes, length);
  const results = body(
    mapTree(state.specs, (leaf: TensorSpec, path) => placeholder(leaf, path, "state")),
    mapTree(specs, (leaf: TensorSpec, path) => placeholder(leaf, path)),
  );
  const names = new Map<Tensor, string>();
  for (const node of ancestors(Object.values(results))) {
    const [first] = node.outputs as [Tensor];
    const held = placeholderOf(first);
    if (!held) {
      const inputs = node.inputs.map((input) => names.get(input)!);
      names.set(first, lower(graph, node, inputs));
      continue;
    }
    const { source, path, shape, values } = held;
    if (source === "state") {
      const stored = (await state.read(path)) as Float32Array;
      names.set(first, graph.declare({ name: path, shape, values: stored }));
    } else if (source === "input") {
      names.set(first, declare(graph, path as keyof Inputs, shape, length));
    } else names.set(first, graph.constant([...values!], held.dtype, shape));
  }
  for (const [output, tensor] of Object.entries(results)) {
    graph.output(output, names.get(tensor)!, tensor);
  }
  return graph;
}
