import { deflateRawSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ArchiveError } from "./archive-error.js";
import { zipEntries } from "./zip.js";

interface Stored {
  readonly name: string;
  readonly content: Buffer;
  readonly deflated: boolean;
}

/** A zip archive of these files, with a comment at its end. */
function zipOf(files: readonly Stored[]): Buffer {
  const parts: Buffer[] = [];
  const headers: Buffer[] = [];
  let at = 0;
  for (const { name, content, deflated } of files) {
    const packed = deflated ? deflateRawSync(content) : content;
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(Buffer.byteLength(name), 26);
    local.writeUInt16LE(3, 28); // an extra field, longer than in the directory
    const header = Buffer.alloc(46);
    header.writeUInt32LE(0x02014b50, 0);
    header.writeUInt16LE(deflated ? 8 : 0, 10);
    header.writeUInt32LE(packed.length, 20);
    header.writeUInt32LE(content.length, 24);
    header.writeUInt16LE(Buffer.byteLength(name), 28);
    header.writeUInt32LE(at, 42);
    headers.push(header, Buffer.from(name));
    parts.push(local, Buffer.from(name), Buffer.alloc(3), packed);
    at += 33 + Buffer.byteLength(name) + packed.length;
  }
  const directory = Buffer.concat(headers);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  end.writeUInt16LE(4, 20);
  return Buffer.concat([...parts, directory, end, Buffer.from("note")]);
}

const lamp = { name: "icons/lamp.png", content: Buffer.from("lamp ".repeat(50)), deflated: true };
const chair = { name: "stühle/stuhl.png", content: Buffer.from("chair"), deflated: false };

describe("a zip archive", () => {
  it("gives stored and deflated entries, and no folders", () => {
    const folder = { name: "icons/", content: Buffer.alloc(0), deflated: false };
    const entries = zipEntries(zipOf([folder, lamp, chair]));
    expect([...entries.keys()]).toEqual([lamp.name, chair.name]);
    expect(entries.get(lamp.name)?.()).toEqual(lamp.content);
    expect(entries.get(chair.name)?.()).toEqual(chair.content);
  });

  it("refuses an entry that is longer than it says", () => {
    const archive = zipOf([lamp]);
    archive.writeUInt32LE(10, archive.indexOf(Buffer.from([0x50, 0x4b, 1, 2])) + 24);
    expect(() => zipEntries(archive).get(lamp.name)?.()).toThrow(ArchiveError);
  });

  it("is read or refused, however it is damaged", () => {
    const archive = zipOf([lamp, chair]);
    const damage = fc.tuple(fc.nat(archive.length - 1), fc.nat(255), fc.nat(archive.length));
    fc.assert(
      fc.property(damage, ([at, value, length]) => {
        const damaged = Buffer.from(archive);
        damaged[at] = value;
        for (const bytes of [damaged, archive.subarray(0, length)])
          try {
            for (const read of zipEntries(bytes).values()) read();
          } catch (error) {
            expect(error).toBeInstanceOf(ArchiveError);
          }
      }),
    );
  });
});
