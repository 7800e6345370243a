import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromBfloat16, toBfloat16 } from "../../backend/values.js";
import { fromFloat16, toFloat16 } from "../../base/float16.js";
import {
  type StoredFloat,
  type StoredWeights,
  readFloat32,
  readingBytes,
} from "./stored-tensor.js";

const encodings: Record<StoredFloat, (values: Float32Array) => ArrayBufferView> = {
  float32: (values) => values,
  float64: (values) => Float64Array.from(values),
  float16: toFloat16,
  bfloat16: toBfloat16,
};
const rounded: Record<StoredFloat, (values: Float32Array) => Float32Array> = {
  float32: (values) => values,
  float64: (values) => values,
  float16: (values) => fromFloat16(toFloat16(values)),
  bfloat16: (values) => fromBfloat16(toBfloat16(values)),
};

describe("stored weights", () => {
  it.each(Object.keys(encodings) as StoredFloat[])(
    "of %s are read as float32 where they lie",
    async (dtype) => {
      const lists = fc.array(fc.float({ noNaN: true }), { maxLength: 40 });
      await fc.assert(
        fc.asyncProperty(lists, fc.nat(3), async (list, more) => {
          const values = Float32Array.from(list);
          const { buffer, byteOffset, byteLength } = encodings[dtype](values);
          const source = new Uint8Array(buffer, byteOffset, byteLength);
          const tensor: StoredWeights = {
            dtype,
            shape: [values.length],
            bytes: byteLength,
            read: (target) => {
              target.set(source);
              return Promise.resolve();
            },
          };
          const memory = new ArrayBuffer(readingBytes(tensor) + 8 * more); // left from a larger tensor
          expect(await readFloat32(tensor, memory)).toEqual(rounded[dtype](values));
        }),
      );
    },
  );
});
