/** Event files that TensorBoard reads: records of protocol buffers, each with its length and checksums. */
import { appendFile } from "node:fs/promises";
import { hostname } from "node:os";

/** Appends scalars to an event file in `directory`. */
export class EventFile {
  readonly #path: string;
  #pending: Buffer[] = [];

  constructor(directory: string) {
    const seconds = Math.floor(Date.now() / 1000);
    this.#path = `${directory}/events.out.tfevents.${seconds}.${hostname()}`;
    this.#pending.push(record(event(0, bytesField(3, Buffer.from("brain.Event:2")))));
  }

  add(step: number, scalars: Readonly<Record<string, number>>): void {
    const values = Object.entries(scalars).map(([tag, value]) =>
      bytesField(1, Buffer.concat([bytesField(1, Buffer.from(tag)), floatField(2, value)])),
    );
    this.#pending.push(record(event(step, bytesField(5, Buffer.concat(values)))));
  }

  async flush(): Promise<void> {
    const bytes = Buffer.concat(this.#pending);
    this.#pending = [];
    await appendFile(this.#path, bytes);
  }
}

/** An Event message: wall time, step, and one more field. */
function event(step: number, content: Buffer): Buffer {
  const time = Buffer.alloc(9);
  time[0] = (1 << 3) | 1;
  time.writeDoubleLE(Date.now() / 1000, 1);
  return Buffer.concat([time, Buffer.from([2 << 3]), varint(step), content]);
}

function bytesField(field: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(field << 3) | 2]), varint(content.length), content]);
}

function floatField(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes[0] = (field << 3) | 5;
  bytes.writeFloatLE(value, 1);
  return bytes;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}

/** A record of a TFRecord file. */
export function record(data: Buffer): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(data.length));
  return Buffer.concat([length, maskedChecksum(length), data, maskedChecksum(data)]);
}

const polynomial = 0x82f63b78; // Castagnoli's, bits reversed
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) {
    remainder = remainder & 1 ? (remainder >>> 1) ^ polynomial : remainder >>> 1;
  }
  return remainder;
});

/** CRC-32C. */
export function checksum(data: Uint8Array): number {
  let remainder = 0xffffffff;
  for (const byte of data) remainder = table[(remainder ^ byte) & 255]! ^ (remainder >>> 8);
  return (remainder ^ 0xffffffff) >>> 0;
}

function maskedChecksum(data: Uint8Array): Buffer {
  const sum = checksum(data);
  const masked = (((sum >>> 15) | (sum << 17)) + 0xa282ead8) >>> 0;
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(masked);
  return bytes;
}
