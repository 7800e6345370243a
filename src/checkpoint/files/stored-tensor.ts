/** Tensors in files: named, shaped, and read one at a time. */
import type { OpenFile } from "../../backend/backend.js";
import { fromBfloat16 } from "../../backend/values.js";
import { quote } from "../../base/quote.js";
import type { Shape } from "../../graph/tensor.js";
import { fromFloat16 } from "../../base/float16.js";

/** The dtypes of tensors in files, all little-endian. */
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
  /** A `StoredDtype`, or the file's own name of an unsupported one: only tensors that are needed must be readable. */
  readonly dtype: string;
  readonly shape: Shape;
  /** Bytes of all elements. */
  readonly bytes: number;
  /** Reads the elements, row by row, into `target`, which has `bytes` bytes. */
  read(target: Uint8Array): Promise<void>;
  /** Fills `target` with the elements from byte `from` on; only if they are contiguous in the file. */
  readPart?(from: number, target: Uint8Array): Promise<void>;
  /** Location of contiguous elements in a file that can be mapped while it is open. */
  readonly place?: { readonly file: OpenFile; readonly offset: number };
}

/** Open files with tensors. */
export interface TensorFiles {
  /** The file format in words: "safetensors", "safetensors in 3 files". */
  readonly format: string;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  close(): Promise<void>;
}

/** An invalid or inconsistent file. */
export class CheckpointError extends Error {
  override readonly name = "CheckpointError";
}

/** The dtypes of weights in files. */
export type StoredFloat = Extract<StoredDtype, `${string}float${string}`>;

/** A tensor of weights. */
export type StoredWeights = StoredTensor & { readonly dtype: StoredFloat };

const floats: ReadonlySet<string> = new Set<StoredFloat>([
  "float64",
  "float32",
  "float16",
  "bfloat16",
]);

export function holdsFloats(tensor: StoredTensor): tensor is StoredWeights {
  return floats.has(tensor.dtype);
}

/** Bytes of memory needed by `readFloat32`. */
export function readingBytes({ bytes, dtype }: StoredWeights): number {
  return (bytes / storedBytes[dtype]) * Math.max(4, storedBytes[dtype]);
}

/**
 * Reads a tensor as float32 into the beginning of `memory`. Nothing else is allocated: narrower elements are
 * read into the end of the result and widened from the front; wider ones are narrowed the same way.
 */
export async function readFloat32(
  tensor: StoredWeights,
  memory: ArrayBuffer,
): Promise<Float32Array> {
  const { dtype, bytes } = tensor;
  const length = bytes / storedBytes[dtype];
  const start = readingBytes(tensor) - bytes;
  await tensor.read(new Uint8Array(memory, start, bytes));
  const floats = new Float32Array(memory, 0, length);
  switch (dtype) {
    case "float32":
      break;
    case "bfloat16":
      fromBfloat16(new Uint16Array(memory, start, length), floats);
      break;
    case "float16":
      fromFloat16(new Uint16Array(memory, start, length), floats);
      break;
    case "float64":
      new Float64Array(memory, 0, length).forEach((value, index) => (floats[index] = value));
      break;
  }
  return floats;
}

/**
 * The number of elements of `shape`; throws unless all sizes are whole and their product is a safe integer. `what`
 * names the tensor.
 */
export function checkedSize(what: string, shape: readonly unknown[]): number {
  let size = 1;
  for (const length of shape) {
    if (typeof length !== "number" || !Number.isSafeInteger(length) || length < 0) {
      throw new CheckpointError(
        `${what} has a shape with the size ${quote(length)}; sizes are integers >= 0.`,
      );
    }
    size *= length;
    if (!Number.isSafeInteger(size))
      throw new CheckpointError(`${what} has more elements than can be counted.`);
  }
  return size;
}
