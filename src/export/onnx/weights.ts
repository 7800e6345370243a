/** Weights in an ONNX graph, which computes with them in float32 however they are stored. */
import { TensorProto_DataType as DataType } from "onnx-buf";
import { toFloat16 } from "../../base/float16.js";
import type { Shape } from "../../graph/tensor.js";
import type { OnnxGraph } from "./graph.js";

/** float16: half the size. int8: matrices in 8 bits with a scale for each row, a quarter of the size. */
export const weightStorages = ["float32", "float16", "int8"] as const;
export type WeightStorage = (typeof weightStorages)[number];

/** Adds a weight; the name of its float32 values. */
export function addWeight(
  graph: OnnxGraph,
  name: string,
  shape: Shape,
  values: Float32Array,
  storage: WeightStorage,
): string {
  if (storage === "int8" && shape.length === 2) return addQuantized(graph, name, shape, values);
  if (storage === "float16") {
    const stored = graph.initializer(name, DataType.FLOAT16, shape, bytesOf(toFloat16(values)));
    return graph.node("Cast", [stored], { to: DataType.FLOAT });
  }
  return graph.initializer(name, DataType.FLOAT, shape, bytesOf(values));
}

/** Each row is divided by a scale that makes its largest number 127. */
function addQuantized(graph: OnnxGraph, name: string, shape: Shape, values: Float32Array): string {
  const [rows, columns] = shape as [number, number];
  const scales = new Float32Array(rows);
  const stored = new Int8Array(values.length);
  for (let row = 0; row < rows; row++) {
    const numbers = values.subarray(row * columns, (row + 1) * columns);
    const largest = numbers.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const scale = largest === 0 ? 1 : largest / 127;
    scales[row] = scale;
    for (const [column, value] of numbers.entries()) {
      stored[row * columns + column] = Math.round(value / scale);
    }
  }
  const inputs = [
    graph.initializer(name, DataType.INT8, shape, bytesOf(stored)),
    graph.initializer(`${name}/scale`, DataType.FLOAT, [rows], bytesOf(scales)),
  ];
  return graph.node("DequantizeLinear", inputs, { axis: 0 });
}

function bytesOf(values: Float32Array | Uint16Array | Int8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = values;
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
}
