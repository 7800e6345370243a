/** Memory of tensors that persist, and the buffers that programs share. */
import { OutOfMemoryError } from "../../base/errors.js";
import { type TensorSpec, bytesPerElement } from "../../graph/tensor.js";
import type { Memory } from "../backend.js";
import { setTransposed } from "../transposed.js";
import { type Values, fromBits, toBits } from "../values.js";
import type { Device } from "./device.js";
import type { GpuBuffer } from "./interface.js";

/** A range of a buffer. */
export interface Range {
  readonly buffer: GpuBuffer;
  readonly offset: number;
}

/** A buffer for one tensor; throws if the adapter has none that large. */
export function allocate(device: Device, spec: TensorSpec): GpuBuffer {
  requireFitting(device, spec);
  return device.storage(spec.bytes);
}

/** Throws if a tensor is larger than what the adapter binds. */
export function requireFitting({ largestTensor, name }: Device, spec: TensorSpec): void {
  if (spec.bytes <= largestTensor) return;
  const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
  throw new OutOfMemoryError(
    `The tensor ${String(spec)} takes ${mebibytes(spec.bytes)}, but ${name} binds at most ${mebibytes(largestTensor)} at a time. ` +
      "Use a smaller batch or model, or another backend.",
  );
}

export function writeValues(
  device: Device,
  { buffer, offset }: Range,
  values: Values,
  { dtype, bytes }: Pick<TensorSpec, "dtype" | "bytes">,
): void {
  const bits = toBits(values, dtype);
  const data = new Uint8Array(bits.buffer, bits.byteOffset, bits.byteLength);
  if (data.length === 0) return;
  const isWhole = data.length % 4 === 0;
  if (offset % 4 !== 0 || (!isWhole && data.length !== bytes)) {
    throw new RangeError(
      `The WebGPU backend writes whole words of 4 bytes to a tensor of ${dtype}: not ${data.length} bytes at byte ${offset}.`,
    );
  }
  if (isWhole) device.gpu.queue.writeBuffer(buffer, offset, data);
  else {
    const padded = new Uint8Array(Math.ceil(data.length / 4) * 4);
    padded.set(data);
    device.gpu.queue.writeBuffer(buffer, offset, padded);
  }
}

export async function readValues(
  device: Device,
  { buffer, offset }: Range,
  { dtype, bytes }: Pick<TensorSpec, "dtype" | "bytes">,
): Promise<Values> {
  return fromBits(await device.read(buffer, offset, bytes), dtype);
}

export function deviceMemory(device: Device, buffer: GpuBuffer, spec: TensorSpec): Memory {
  const write = (values: Values, start: number): void => {
    writeValues(device, { buffer, offset: start * bytesPerElement[spec.dtype] }, values, spec);
  };
  return {
    write,
    writeTransposed: (values, start, matrices) => {
      const transposed = new Float32Array(values.length);
      setTransposed(transposed, 0, values, matrices);
      write(transposed, start);
    },
    read: () => readValues(device, { buffer, offset: 0 }, spec),
    free: () => buffer.destroy(),
  };
}

/** A range of addresses in buffers of one size; no tensor reaches across their ends. */
export class Segments {
  bytes = 0;
  /** Counts the times that the buffers were replaced. */
  version = 0;
  #buffers: GpuBuffer[] = [];

  constructor(
    readonly device: Device,
    readonly segmentBytes: number,
  ) {}

  /** Makes it at least this large. Its contents are lost when it grows. */
  reserve(bytes: number): void {
    if (bytes <= this.bytes) return;
    this.dispose();
    this.version++;
    this.bytes = bytes;
    for (let start = 0; start < bytes; start += this.segmentBytes) {
      this.#buffers.push(this.device.storage(Math.min(this.segmentBytes, bytes - start)));
    }
  }

  at(address: number): Range {
    const index = Math.floor(address / this.segmentBytes);
    return { buffer: this.#buffers[index]!, offset: address - index * this.segmentBytes };
  }

  dispose(): void {
    for (const buffer of this.#buffers) buffer.destroy();
    this.#buffers = [];
    this.bytes = 0;
  }
}
