/** An ONNX graph under construction. */
import { create } from "@bufbuild/protobuf";
import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as Kind,
  type GraphProto,
  GraphProtoSchema,
  NodeProtoSchema,
  TensorProtoSchema,
  TensorProto_DataType as DataType,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "onnx-buf";
import { toFloat16 } from "../../base/float16.js";
import type { Dtype, Shape } from "../../graph/tensor.js";
import { type OnnxDtype, traitsOf } from "./dtype.js";

/** Sizes that a model leaves open: a number that stands for the size while the model is traced -> its name. */
export type OpenSizes = ReadonlyMap<number, string>;

/** A weight of the model, by the name under which nodes refer to it. */
export interface Weight {
  readonly name: string;
  readonly shape: Shape;
  readonly values: Float32Array;
}

export type AttributeValue = number | readonly number[] | { readonly float: number };

/** The elements of a constant. */
function elementsOf(type: DataType, values: readonly number[]): ArrayBufferView {
  if (type === DataType.INT64) return BigInt64Array.from(values, BigInt);
  if (type === DataType.INT8) return Int8Array.from(values);
  if (type === DataType.INT32) return Int32Array.from(values);
  const numbers = Float32Array.from(values);
  return type === DataType.FLOAT16 ? toFloat16(numbers) : numbers;
}

export class OnnxGraph {
  readonly #graph: GraphProto;
  readonly #constants = new Map<string, string>();
  readonly #weights = new Map<string, Weight>();
  readonly #stored = new Set<string>();
  /** Where each open size is read at run time: an input and its axis. */
  readonly #sources = new Map<string, readonly [input: string, axis: number]>();
  #count = 0;

  constructor(
    name: string,
    readonly dtype: OnnxDtype,
    readonly open: OpenSizes,
  ) {
    this.#graph = create(GraphProtoSchema, { name });
  }

  /** What stands for tensors of a dtype of ours. */
  typeOf(dtype: Dtype): DataType {
    const types = { float32: DataType.FLOAT, int8: DataType.INT8, int32: DataType.INT32 };
    return dtype === "bfloat16" ? traitsOf[this.dtype].half : types[dtype];
  }

  get proto(): GraphProto {
    return this.#graph;
  }

  /** Declares an input of the model; open sizes among `shape` are read from it. */
  input(name: string, type: DataType, shape: Shape): string {
    this.#graph.input.push(this.#valueInfo(name, type, shape));
    for (const [axis, size] of shape.entries()) {
      const symbol = this.open.get(size);
      if (symbol && !this.#sources.has(symbol)) this.#sources.set(symbol, [name, axis]);
    }
    return name;
  }

  /** Makes `value` an output of the model. */
  output(name: string, value: string, { shape, dtype }: { shape: Shape; dtype: Dtype }): void {
    this.#add("Identity", [value], [name], {});
    const info = this.#valueInfo(name, this.typeOf(dtype), shape);
    this.#graph.output.push(info);
  }

  /** Declares a weight, whose name nodes may have as an input; it is stored in float32 once one does. */
  declare(weight: Weight): string {
    this.#weights.set(weight.name, weight);
    return weight.name;
  }

  /** The weight of this name; undefined if it is the name of a result or an input. */
  weight(name: string): Weight | undefined {
    return this.#weights.get(name);
  }

  /** A tensor stored in the model, once for each name: its elements, little-endian. */
  initializer(
    name: string,
    type: DataType,
    shape: Shape,
    { buffer, byteOffset, byteLength }: ArrayBufferView,
  ): string {
    if (this.#stored.has(name)) return name;
    this.#stored.add(name);
    const dims = shape.map(BigInt);
    const rawData = new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
    this.#graph.initializer.push(
      create(TensorProtoSchema, { name, dataType: type, dims, rawData }),
    );
    return name;
  }

  /** A small constant; equal ones are stored once. */
  constant(values: readonly number[], kind: "int64" | Dtype, shape: Shape = []): string {
    const key = JSON.stringify([kind, shape, values.map(String)]);
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const type = kind === "int64" ? DataType.INT64 : this.typeOf(kind);
    const data = elementsOf(type, values);
    const name = this.initializer(`constant${this.#constants.size}`, type, shape, data);
    this.#constants.set(key, name);
    return name;
  }

  /** A list of whole numbers, as operators take axes, beginnings and sizes: int64 [N]. */
  list(values: readonly number[]): string {
    return this.constant(values, "int64", [values.length]);
  }

  /** A shape as a tensor, int64 [rank]; its open sizes are read from the inputs at run time. */
  shape(shape: Shape): string {
    if (!shape.some((size) => this.open.has(size))) return this.list(shape);
    const parts = shape.map((size) => {
      const symbol = this.open.get(size);
      return symbol === undefined ? this.list([size]) : this.#sizeOf(symbol);
    });
    return parts.length === 1 ? parts[0]! : this.node("Concat", parts, { axis: 0 });
  }

  /** Applies an operator; the name of its result. */
  node(
    type: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
  ): string {
    return this.nodes(type, inputs, 1, attributes)[0]!;
  }

  /** Applies an operator that has several results. */
  nodes(
    type: string,
    inputs: readonly string[],
    results: number,
    attributes: Readonly<Record<string, AttributeValue>> = {},
  ): string[] {
    const outputs = Array.from({ length: results }, () => `${type}${this.#count++}`);
    this.#add(type, inputs, outputs, attributes);
    return outputs;
  }

  /** A value of one dtype as another. */
  cast(value: string, from: Dtype, to: Dtype): string {
    const type = this.typeOf(to);
    return type === this.typeOf(from) ? value : this.node("Cast", [value], { to: type });
  }

  #sizeOf(symbol: string): string {
    const source = this.#sources.get(symbol);
    if (!source) throw new Error(`No input of the model has the size ${symbol}.`);
    const [input, axis] = source;
    return this.node("Shape", [input], { start: axis, end: axis + 1 });
  }

  #add(
    opType: string,
    input: readonly string[],
    output: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>>,
  ): void {
    const attribute = Object.entries(attributes).map(([name, value]) => attributeOf(name, value));
    const name = output[0]!;
    for (const each of input) {
      const weight = this.#weights.get(each);
      if (weight) this.initializer(each, DataType.FLOAT, weight.shape, weight.values);
    }
    this.#graph.node.push(
      create(NodeProtoSchema, {
        ...{ name, opType, attribute },
        input: [...input],
        output: [...output],
      }),
    );
  }

  #valueInfo(name: string, elemType: DataType, shape: Shape): ValueInfoProto {
    const dim = shape.map((size) => {
      const symbol = this.open.get(size);
      return symbol === undefined
        ? { value: { case: "dimValue" as const, value: BigInt(size) } }
        : { value: { case: "dimParam" as const, value: symbol } };
    });
    return create(ValueInfoProtoSchema, {
      name,
      type: { value: { case: "tensorType", value: { elemType, shape: { dim } } } },
    });
  }
}

function attributeOf(name: string, value: AttributeValue): AttributeProto {
  if (typeof value === "number") {
    return create(AttributeProtoSchema, { name, type: Kind.INT, i: BigInt(value) });
  }
  if ("float" in value) {
    return create(AttributeProtoSchema, { name, type: Kind.FLOAT, f: value.float });
  }
  return create(AttributeProtoSchema, { name, type: Kind.INTS, ints: value.map(BigInt) });
}
