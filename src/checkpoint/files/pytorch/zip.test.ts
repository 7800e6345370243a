import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../../../test/golden/temporary-directory.js";
import { openZip } from "./zip.js";

const path = join(temporaryDirectory(), "archive.zip");

interface Entry {
  readonly name: string;
  readonly content: string;
  /** What the directory states instead of the true values. */
  readonly size?: number;
  readonly offset?: number;
  readonly method?: number;
}

/** A zip archive; wide ones have all numbers in zip64 fields. */
function archive(entries: readonly Entry[], { wide = false, count = entries.length } = {}): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, content, size = content.length, offset = at, method = 0 } of entries) {
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50);
    local.writeUInt16LE(name.length, 26);
    local.writeUInt16LE(5, 28); // an extra field only here, as PyTorch pads
    const piece = Buffer.concat([local, Buffer.from(name), Buffer.alloc(5), Buffer.from(content)]);
    locals.push(piece);
    at += piece.length;
    const extra = Buffer.alloc(wide ? 32 : 0);
    if (wide) {
      extra.writeUInt16LE(0x7777); // another field before it
      extra.writeUInt16LE(1, 4);
      extra.writeUInt16LE(24, 6);
      [size, size, offset].forEach((number, index) =>
        extra.writeBigUInt64LE(BigInt(number), 8 + 8 * index),
      );
    }
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50);
    entry.writeUInt16LE(method, 10);
    entry.writeUInt32LE(wide ? 0xffffffff : size, 20);
    entry.writeUInt32LE(wide ? 0xffffffff : size, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt16LE(extra.length, 30);
    entry.writeUInt32LE(wide ? 0xffffffff : offset, 42);
    directory.push(entry, Buffer.from(name), extra);
  }
  const list = Buffer.concat(directory);
  return Buffer.concat([
    ...locals,
    list,
    ...(wide ? wideEnd(count, list.length, at) : []),
    end(wide, count, list.length, at),
  ]);
}

function end(wide: boolean, count: number, length: number, start: number): Buffer {
  const bytes = Buffer.alloc(22);
  bytes.writeUInt32LE(0x06054b50);
  bytes.writeUInt16LE(wide ? 0xffff : count, 10);
  bytes.writeUInt32LE(wide ? 0xffffffff : length, 12);
  bytes.writeUInt32LE(wide ? 0xffffffff : start, 16);
  return bytes;
}

function wideEnd(count: number, length: number, start: number): Buffer[] {
  const record = Buffer.alloc(56);
  record.writeUInt32LE(0x06064b50);
  [count, length, start].forEach((number, index) =>
    record.writeBigUInt64LE(BigInt(number), 32 + 8 * index),
  );
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50);
  locator.writeBigUInt64LE(BigInt(start + length), 8);
  return [record, locator];
}

const entries = [
  { name: "a/data.pkl", content: "first" },
  { name: "a/empty", content: "" },
  { name: "a/data/0", content: "the second" },
];

describe("a zip archive", () => {
  it.each([false, true])("gives its entries (zip64: %s)", async (wide) => {
    await writeFile(path, archive(entries, { wide }));
    const zip = await openZip(path);
    expect([...zip.entries.keys()]).toEqual(entries.map(({ name }) => name));
    for (const { name, content } of entries) {
      const bytes = Buffer.alloc(content.length);
      await zip.entries.get(name)!.readInto(bytes, 0);
      expect(bytes.toString()).toBe(content);
    }
    const piece = Buffer.alloc(3);
    await zip.entries.get("a/data/0")!.readInto(piece, 4);
    expect(piece.toString()).toBe("sec");
    await expect(zip.entries.get("a/data/0")!.readInto(piece, 8)).rejects.toThrow(
      "has 10 bytes, fewer than",
    );
    await zip.close();
  });

  it("may have a comment at its end", async () => {
    const bytes = archive(entries);
    await writeFile(path, Buffer.concat([bytes, Buffer.alloc(1000, "x")]));
    const zip = await openZip(path);
    expect(zip.entries.size).toBe(3);
    await zip.close();
  });

  it.each<[string, Buffer, RegExp]>([
    ["is empty", Buffer.alloc(0), /ends too early|not a weights file/],
    ["has no end", archive(entries).subarray(0, 100), /not a weights file/],
    [
      "claims more entries than fit",
      archive(entries, { count: 1000 }),
      /directory of 1000 entries/,
    ],
    [
      "claims entries without number",
      archive(entries, { wide: true, count: 2 ** 50 }),
      /does not fit/,
    ],
    ["claims one entry too many", archive(entries, { count: 4 }), /damaged|does not fit/],
    ["has one name twice", archive([entries[0]!, entries[0]!]), /two entries of the same name/],
    ["has a compressed entry", archive([{ name: "a", content: "b", method: 8 }]), /compressed/],
    [
      "claims a size beyond the end",
      archive([{ name: "a", content: "b", size: 1000 }]),
      /claims 1000 bytes/,
    ],
    [
      "claims a huge size",
      archive([{ name: "a", content: "b", size: 2 ** 45 }], { wide: true }),
      /claims 35184372088832/,
    ],
    [
      "has entries in one another",
      archive([entries[0]!, { ...entries[2]!, offset: 0 }]),
      /more than the file has/,
    ],
    [
      "has an entry beyond the end",
      archive([{ name: "a", content: "b", offset: 5000 }]),
      /claims 1 bytes/,
    ],
  ])("is refused when it %s", async (_, bytes, reason) => {
    await writeFile(path, bytes);
    await expect(openZip(path)).rejects.toThrow(reason);
  });
});
