/** Tensors as they lie in files: named, shaped, and read one at a time. */
import { fromBfloat16 } from "../backend/values.js";
import type { Shape } from "../graph/tensor.js";
import { fromFloat16 } from "./float16.js";

/** How the elements of a tensor lie in a file, all little-endian. */
export type StoredDtype =
  | "float64"
  | "float32"
  | "float16"
  | "bfloat16"
  | "int64"
  | "int32"
  | "int16"
  | "int8"
  | "uint8"
  | "boolean";

export const storedBytes: Readonly<Record<StoredDtype, number>> = {
  float64: 8,
  float32: 4,
  float16: 2,
  bfloat16: 2,
  int64: 8,
  int32: 4,
  int16: 2,
  int8: 1,
  uint8: 1,
  boolean: 1,
};

export interface StoredTensor {
  readonly dtype: StoredDtype;
  readonly shape: Shape;
  /** Bytes of all elements. */
  readonly bytes: number;
  /** Reads the elements, row by row, into `target`, which has `bytes` bytes. */
  read(target: Uint8Array): Promise<void>;
}

/** Open files with tensors. */
export interface TensorFiles {
  /** What kind of file, for people: "safetensors", "safetensors in 3 files". */
  readonly format: string;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  close(): Promise<void>;
}

/** A file that is not what it claims to be, or that claims what it may not. */
export class CheckpointError extends Error {
  override readonly name = "CheckpointError";
}

/** How weights lie in a file. */
export type StoredFloat = Extract<StoredDtype, `${string}float${string}`>;

export function isFloat(dtype: StoredDtype): dtype is StoredFloat {
  return dtype.includes("float");
}

/** Stored floating-point elements as float32; of float32 itself a view. `bytes` starts at a multiple of 8. */
export function toFloat32(dtype: StoredFloat, bytes: Uint8Array): Float32Array {
  const { buffer, byteOffset } = bytes;
  const length = bytes.length / storedBytes[dtype];
  switch (dtype) {
    case "float32":
      return new Float32Array(buffer, byteOffset, length);
    case "bfloat16":
      return fromBfloat16(new Uint16Array(buffer, byteOffset, length));
    case "float16":
      return fromFloat16(new Uint16Array(buffer, byteOffset, length));
    case "float64":
      return Float32Array.from(new Float64Array(buffer, byteOffset, length));
  }
}

/**
 * The number of elements of `shape`; throws unless all sizes are whole and their product can be counted exactly. `what`
 * names the tensor.
 */
export function checkedSize(what: string, shape: readonly unknown[]): number {
  let size = 1;
  for (const length of shape) {
    if (typeof length !== "number" || !Number.isSafeInteger(length) || length < 0) {
      throw new CheckpointError(
        `${what} has a shape with the size ${quote(length)}; sizes are whole numbers from 0.`,
      );
    }
    size *= length;
    if (!Number.isSafeInteger(size))
      throw new CheckpointError(`${what} has more elements than can be counted.`);
  }
  return size;
}

/** What a file holds at some place, for a message: short whatever it is. */
export function quote(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "[…]" : "{…}";
  const text = JSON.stringify(value);
  return text.length <= 80 ? text : `${text.slice(0, 80)}…`;
}
