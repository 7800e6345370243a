/** Values exchanged between JavaScript and a backend. */
import type { Dtype, TensorSpec } from "../graph/tensor.js";

/**
 * The elements of a tensor. float32 and bfloat16 tensors are given and read as `Float32Array`; bfloat16 may also be
 * given as its bits in a `Uint16Array`.
 */
export type Values = Float32Array | Uint16Array | Int8Array | Int32Array;

/** float32 numbers rounded to bfloat16 (to nearest, ties to even), as bits. */
export function toBfloat16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const rounded = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) {
    const word = bits[i]!;
    const isNaN = (word & 0x7fffffff) > 0x7f800000;
    rounded[i] = isNaN ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  }
  return rounded;
}

/** Converts bfloat16 bits to float32, writing to `target`: they are the upper half of a float32. */
export function fromBfloat16(
  bits: Uint16Array,
  target = new Float32Array(bits.length),
): Float32Array {
  const words = new Uint32Array(target.buffer, target.byteOffset, bits.length);
  for (let i = 0; i < bits.length; i++) words[i] = bits[i]! << 16;
  return target;
}

/** The values as a tensor of this dtype stores them: bfloat16 in 16 bits. */
export function toBits(values: Values, dtype: Dtype): Values {
  return dtype === "bfloat16" && values instanceof Float32Array ? toBfloat16(values) : values;
}

/** The elements of a tensor that is stored in `buffer`; the inverse of `toBits`. */
export function fromBits(buffer: ArrayBuffer, dtype: Dtype): Values {
  switch (dtype) {
    case "float32":
      return new Float32Array(buffer);
    case "bfloat16":
      return fromBfloat16(new Uint16Array(buffer));
    case "int8":
      return new Int8Array(buffer);
    case "int32":
      return new Int32Array(buffer);
  }
}

const accepted: Readonly<Record<Dtype, readonly string[]>> = {
  float32: ["Float32Array"],
  bfloat16: ["Float32Array", "Uint16Array"],
  int8: ["Int8Array"],
  int32: ["Int32Array"],
};

/** Throws, naming `what`, unless `values` can fill a tensor of `spec`. */
export function checkValues(what: string, spec: TensorSpec, values: Values): void {
  const types = accepted[spec.dtype];
  if (!types.includes(values.constructor.name)) {
    throw new TypeError(
      `${what} is ${String(spec)} and takes a ${types.join(" or ")}, not a ${values.constructor.name}.`,
    );
  }
  if (values.length !== spec.size) {
    throw new RangeError(
      `${what} is ${String(spec)} and takes ${spec.size} elements, but ${values.length} were given.`,
    );
  }
}

/** One of `count` equal parts, sharing the memory of the whole. */
export function partOf(values: Values, index: number, count: number): Values {
  const size = values.length / count;
  return values.subarray(index * size, (index + 1) * size);
}
