import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryDirectory } from "../../../test/golden/temporary-directory.js";
import { EventFile, checksum } from "./tensorboard.js";

const directory = temporaryDirectory();

test("CRC-32C has the known value", () => {
  expect(checksum(Buffer.from("123456789"))).toBe(0xe3069283);
  expect(checksum(new Uint8Array(32))).toBe(0x8a9136aa); // RFC 3720, B.4
});

/** The contents of the records of a TFRecord file; checks their checksums. */
function* recordsOf(file: Buffer): Generator<Buffer> {
  const unmasked = (at: number): number => {
    const turned = (file.readUInt32LE(at) - 0xa282ead8) >>> 0;
    return ((turned << 15) | (turned >>> 17)) >>> 0;
  };
  for (let at = 0; at < file.length;) {
    const end = at + 12 + Number(file.readBigUInt64LE(at));
    expect(unmasked(at + 8)).toBe(checksum(file.subarray(at, at + 8)));
    const data = file.subarray(at + 12, end);
    expect(unmasked(end)).toBe(checksum(data));
    yield data;
    at = end + 4;
  }
}

type Fields = ReadonlyMap<number, readonly (number | Buffer)[]>;

/** The fields of a protocol buffers message by number. */
function fieldsOf(message: Buffer): Fields {
  const fields = new Map<number, (number | Buffer)[]>();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = message[at++]!;
      value += (byte % 128) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const start = at;
    let value: number | Buffer;
    if ((tag & 7) === 0) value = varint();
    else if ((tag & 7) === 1) value = message.readDoubleLE((at += 8) - 8);
    else if ((tag & 7) === 5) value = message.readFloatLE((at += 4) - 4);
    else {
      const length = varint();
      value = message.subarray(at, (at += length));
    }
    expect(at).toBeGreaterThan(start);
    fields.set(tag >> 3, [...(fields.get(tag >> 3) ?? []), value]);
  }
  return fields;
}

const bytes = (fields: Fields, field: number): Buffer[] => (fields.get(field) ?? []) as Buffer[];

test("an event file holds its version, and each step's scalars", async () => {
  const events = new EventFile(directory);
  events.add(3, { "training/contrastive": 5.5 });
  await events.flush();
  const before = Date.now() / 1000;
  events.add(70_000, { "évaluation/zero-shot top-1": 0.25, other: NaN });
  await events.flush();
  const names = await readdir(directory);
  expect(names).toEqual([expect.stringMatching(/^events\.out\.tfevents\.\d+\./)]);
  const found = [...recordsOf(await readFile(join(directory, names[0]!)))].map(fieldsOf);
  expect(bytes(found[0]!, 3).map(String)).toEqual(["brain.Event:2"]);
  const scalars = found.slice(1).map((event) => [
    event.get(2)?.[0],
    bytes(fieldsOf(bytes(event, 5)[0]!), 1).map((value) => {
      const fields = fieldsOf(value);
      return [String(fields.get(1)?.[0]), fields.get(2)?.[0]];
    }),
  ]);
  expect(scalars).toEqual([
    [3, [["training/contrastive", 5.5]]],
    [
      70_000,
      [
        ["évaluation/zero-shot top-1", 0.25],
        ["other", NaN],
      ],
    ],
  ]);
  expect(Math.abs((found[2]!.get(1)?.[0] as number) - before)).toBeLessThan(60);
});
