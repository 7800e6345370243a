import { readFileSync } from "node:fs";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { damaged, expectReadOrRefused } from "../../../test/golden/damage.js";
import { temporaryDirectory } from "../../../test/golden/temporary-directory.js";
import { openSafetensors, writeSafetensors } from "./safetensors.js";
import { type TensorToWrite, safetensorsBytes } from "./tensor-to-write.js";
import { type StoredDtype, storedBytes } from "./stored-tensor.js";

const directory = temporaryDirectory();
const path = join(directory, "model.safetensors");

const tensors = fc
  .uniqueArray(
    fc.record({
      name: fc.string({ unit: "binary", maxLength: 20 }).filter((name) => name !== "__metadata__"),
      dtype: fc.constantFrom(...(Object.keys(storedBytes) as StoredDtype[])),
      shape: fc.array(fc.nat(4), { maxLength: 3 }),
    }),
    { selector: ({ name }) => name, maxLength: 6 },
  )
  .chain((specs) =>
    fc.tuple(
      ...specs.map(({ name, dtype, shape }) => {
        const length = shape.reduce((product, size) => product * size, storedBytes[dtype]);
        const data = fc.uint8Array({ minLength: length, maxLength: length });
        return data.map((bytes): TensorToWrite => ({ name, dtype, shape, bytes: () => bytes }));
      }),
    ),
  );

/** A file with this header and this many bytes of data. */
function fileOf(header: unknown, dataBytes: number): Buffer {
  const json = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, Buffer.alloc(dataBytes)]);
}

describe("safetensors", () => {
  it("gives back what was written", async () => {
    await fc.assert(
      fc.asyncProperty(tensors, async (written) => {
        await writeSafetensors(path, written);
        expect(await safetensorsBytes(written)).toEqual(Uint8Array.from(readFileSync(path)));
        const files = await openSafetensors(path);
        expect([...files.tensors.keys()].toSorted()).toEqual(
          written.map(({ name }) => name).toSorted(),
        );
        for (const { name, dtype, shape, bytes } of written) {
          const stored = files.tensors.get(name)!;
          expect(stored).toMatchObject({ dtype, shape, bytes: (await bytes()).length });
          const target = new Uint8Array(stored.bytes);
          await stored.read(target);
          expect(target).toEqual(Uint8Array.from(await bytes()));
        }
        await files.close();
      }),
    );
  });

  it("leaves no half-written file behind", async () => {
    const fine: TensorToWrite = {
      name: "a",
      dtype: "uint8",
      shape: [1],
      bytes: () => Uint8Array.of(1),
    };
    const wrong: TensorToWrite = { ...fine, name: "b", bytes: () => Uint8Array.of(1, 2) };
    await writeSafetensors(path, [fine]);
    await expect(writeSafetensors(path, [fine, wrong])).rejects.toThrow(
      "b is uint8[1], but 2 bytes",
    );
    expect(await readdir(directory)).toEqual(["model.safetensors"]);
    const files = await openSafetensors(path);
    expect([...files.tensors.keys()]).toEqual(["a"]);
    await files.close();
  });
});

it("tensors of a dtype that is not read, and empty ones, leave the others readable", async () => {
  const header = {
    scale: { dtype: "F8_E8M0", shape: [3], data_offsets: [0, 3] },
    none: { dtype: "F32", shape: [0, 4], data_offsets: [3, 3] },
    a: { dtype: "U8", shape: [2], data_offsets: [3, 5] },
  };
  await writeFile(path, fileOf(header, 5));
  const files = await openSafetensors(path);
  const { tensors } = files;
  expect(tensors.get("scale")).toMatchObject({ dtype: "F8_E8M0", shape: [3], bytes: 3 });
  expect(tensors.get("none")).toMatchObject({ dtype: "float32", bytes: 0 });
  await tensors.get("a")!.read(new Uint8Array(2));
  await files.close();
});

describe("a damaged or hostile safetensors file", () => {
  const entry = { dtype: "U8", shape: [2], data_offsets: [0, 2] };
  const deep = 100_000;

  it.each<[string, Buffer, RegExp]>([
    ["is empty", Buffer.alloc(0), /ends too early/],
    ["is cut in the header", fileOf({ a: entry }, 2).subarray(0, 20), /claims a header/],
    ["claims an enormous header", Buffer.alloc(64, 0xff), /claims a header/],
    ["has no JSON", fileOf("{", 0), /not JSON/],
    ["has a list for a header", fileOf([], 0), /not an object/],
    ["has invalid UTF-8", fileOf("{}", 0).fill(0xff, 8, 9), /not JSON/],
    ["has deep JSON", fileOf(`{"a":${"[".repeat(deep)}${"]".repeat(deep)}}`, 0), /no description/],
    [
      "has one name twice",
      fileOf(`{"a":${JSON.stringify(entry)},"\\u0061":${JSON.stringify(entry)}}`, 2),
      /"a" twice/,
    ],
    [
      "has one key twice",
      fileOf('{"a":{"dtype":"U8","shape":[0],"shape":[2],"data_offsets":[0,2]}}', 2),
      /"shape" twice/,
    ],
    ["has no dtype", fileOf({ a: { ...entry, dtype: 7 } }, 2), /no dtype/],
    ["has a negative size", fileOf({ a: { ...entry, shape: [-2] } }, 2), /the size -2/],
    ["has a broken size", fileOf({ a: { ...entry, shape: [0.5] } }, 2), /the size 0.5/],
    ["has a size of text", fileOf({ a: { ...entry, shape: ["2"] } }, 2), /the size "2"/],
    [
      "has a huge shape",
      fileOf({ a: { ...entry, shape: [2 ** 40, 2 ** 40] } }, 2),
      /more elements than can be/,
    ],
    [
      "has a shape that does not fit",
      fileOf({ a: { ...entry, shape: [2 ** 40] } }, 2),
      /1099511627776 bytes, but has 2/,
    ],
    [
      "has an offset too few",
      fileOf({ a: { ...entry, data_offsets: [0] } }, 2),
      /two data offsets/,
    ],
    [
      "has a negative offset",
      fileOf({ a: { ...entry, data_offsets: [-2, 0] } }, 2),
      /data offset -2/,
    ],
    [
      "has offsets beyond its end",
      fileOf({ a: { ...entry, data_offsets: [0, 2] } }, 1),
      /1 bytes of data, but/,
    ],
    [
      "has overlapping tensors",
      fileOf({ a: entry, b: { ...entry, data_offsets: [1, 3] } }, 3),
      /overlaps/,
    ],
    ["has a gap", fileOf({ a: entry, b: { ...entry, data_offsets: [3, 5] } }, 5), /gap of 1 bytes/],
    [
      "has data that nobody owns",
      fileOf({ a: entry }, 3),
      /3 bytes of data, but its tensors take 2/,
    ],
    ["has metadata that are no text", fileOf({ __metadata__: { a: 1 }, a: entry }, 2), /metadata/],
  ])("is refused when it %s", async (_, bytes, reason) => {
    await writeFile(path, bytes);
    await expect(openSafetensors(path)).rejects.toThrow(reason);
  });

  it("takes a name that objects have by nature for a name", async () => {
    await writeFile(
      path,
      fileOf('{"__proto__":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}', 2),
    );
    const files = await openSafetensors(path);
    expect([...files.tensors.keys()]).toEqual(["__proto__"]);
    await files.close();
  });

  it("is read or refused, never worse, whatever the damage", async () => {
    const original = readFileSync(
      join(import.meta.dirname, "../../../test/golden/checkpoint/model/model.safetensors"),
    );
    await fc.assert(
      fc.asyncProperty(damaged(original), (bytes) =>
        expectReadOrRefused(path, bytes, openSafetensors),
      ),
      { numRuns: 300 },
    );
    const header = original.subarray(0, 8 + Number(original.readBigUInt64LE()));
    await fc.assert(
      fc.asyncProperty(damaged(header), (bytes) =>
        expectReadOrRefused(
          path,
          Buffer.concat([bytes, original.subarray(bytes.length)]),
          openSafetensors,
        ),
      ),
      { numRuns: 300 },
    );
  });
});
