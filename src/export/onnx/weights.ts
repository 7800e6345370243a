/** The weights of a model on their way into an ONNX graph, which stores each in the form that its reader needs. */
import { TensorProto_DataType as DataType } from "onnx-buf";
import { setTransposed } from "../../backend/transposed.js";
import { toFloat16 } from "../../base/float16.js";
import type { OnnxGraph, Weight } from "./graph.js";

/** Several weights below each other: [N, ...]. */
export function stacked(weights: readonly Weight[]): Weight {
  const values = new Float32Array(weights.reduce((sum, weight) => sum + weight.values.length, 0));
  let end = 0;
  for (const weight of weights) {
    values.set(weight.values, end);
    end += weight.values.length;
  }
  const rows = weights.reduce((sum, { shape }) => sum + shape[0]!, 0);
  const name = weights.map((weight) => weight.name).join("+");
  return { name, shape: weights[0]!.shape.with(0, rows), values };
}

/** A weight [N, K] as [K, N], in which form products take their right factor. */
export function transposed({ name, shape, values }: Weight): Weight {
  const [rows, columns] = shape as [number, number];
  const result = new Float32Array(values.length);
  setTransposed(result, 0, values, { rows, columns });
  return { name: `${name}/transposed`, shape: [columns, rows], values: result };
}

/**
 * Stores a weight in half precision; its name.
 *
 * @throws RangeError if a number is too large for it
 */
export function storeFloat16(graph: OnnxGraph, { name, shape, values }: Weight): string {
  const halves = toFloat16(values);
  const index = halves.findIndex((half) => (half & 0x7c00) === 0x7c00);
  if (index < 0) {
    return graph.initializer(`${name}/float16`, DataType.FLOAT16, shape, halves);
  }
  throw new RangeError(
    `The weight ${name} has the number ${values[index]!}; float16 ends at 65,504. Export in float32 or int8.`,
  );
}

/**
 * Stores a matrix in 8 bits, each of its rows or columns divided by a scale that makes its largest number 127; the names
 * of its elements, int8, and of the scales, float32.
 */
export function storeInt8(
  graph: OnnxGraph,
  { name, shape, values }: Weight,
  each: "row" | "column",
): { readonly elements: string; readonly scales: string } {
  const [rows, columns] = shape as [number, number];
  const groupOf = (i: number): number => (each === "row" ? Math.floor(i / columns) : i % columns);
  const largest = new Float32Array(each === "row" ? rows : columns);
  for (let i = 0; i < values.length; i++) {
    const group = groupOf(i);
    largest[group] = Math.max(largest[group]!, Math.abs(values[i]!));
  }
  const scale = largest.map((value) => (value === 0 ? 1 : value / 127));
  const elements = new Int8Array(values.length);
  for (let i = 0; i < values.length; i++) elements[i] = Math.round(values[i]! / scale[groupOf(i)]!);
  return {
    elements: graph.initializer(`${name}/int8`, DataType.INT8, shape, elements),
    scales: graph.initializer(`${name}/scale`, DataType.FLOAT, [scale.length], scale),
  };
}
