import { deflateSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ArchiveError } from "./archive-error.js";
import { qtResources } from "./qt-resources.js";

const pear = Buffer.from("pear ".repeat(40));
const plum = Buffer.from("plum");

/** A resource file of version 3: the folder "fruit" with a packed file "birne" and a plain one "pflaume". */
function archiveOf(): Buffer {
  const name = (text: string): Buffer => {
    const head = Buffer.alloc(6);
    head.writeUInt16BE(text.length);
    return Buffer.concat([head, Buffer.from(text, "utf16le").swap16()]);
  };
  const names = [name("fruit"), name("birne"), name("pflaume")];
  const places = [0, names[0]!.length, names[0]!.length + names[1]!.length];
  const size = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  };
  const packed = Buffer.concat([size(pear.length), deflateSync(pear)]);
  const contents = [size(packed.length), packed, size(plum.length), plum];
  const node = (nameAt: number, flag: number, first: number, second: number): Buffer => {
    const bytes = Buffer.alloc(22);
    bytes.writeUInt32BE(nameAt, 0);
    bytes.writeUInt16BE(flag, 4);
    bytes.writeUInt32BE(first, 6);
    bytes.writeUInt32BE(second, 10);
    return bytes;
  };
  const tree = [
    node(0, 2, 1, 1),
    node(places[0]!, 2, 2, 2),
    node(places[1]!, 1, 0, 0),
    node(places[2]!, 0, 0, 4 + packed.length),
  ];
  const header = Buffer.alloc(24);
  header.write("qres");
  header.writeUInt32BE(3, 4);
  header.writeUInt32BE(24, 8);
  header.writeUInt32BE(24 + 4 * 22, 12);
  header.writeUInt32BE(24 + 4 * 22 + Buffer.concat(contents).length, 16);
  return Buffer.concat([header, ...tree, ...contents, ...names]);
}

describe("a Qt resource file", () => {
  it("gives packed and plain files by path", () => {
    const files = qtResources(archiveOf());
    expect([...files.keys()]).toEqual(["fruit/birne", "fruit/pflaume"]);
    expect(files.get("fruit/birne")?.()).toEqual(pear);
    expect(files.get("fruit/pflaume")?.()).toEqual(plum);
  });

  it("reports what was given instead", () => {
    expect(() => qtResources(Buffer.from("PK..".repeat(10)))).toThrow("begins with 504b2e2e");
  });

  it("refuses a folder that holds itself", () => {
    const archive = archiveOf();
    archive.writeUInt32BE(0, 24 + 22 + 10);
    expect(() => qtResources(archive)).toThrow("leads back to itself");
  });

  it("is read or refused, however it is damaged", () => {
    const archive = archiveOf();
    fc.assert(
      fc.property(fc.nat(archive.length - 1), fc.nat(255), (at, value) => {
        const damaged = Buffer.from(archive);
        damaged[at] = value;
        try {
          for (const read of qtResources(damaged).values()) read();
        } catch (error) {
          expect(error).toBeInstanceOf(ArchiveError);
        }
      }),
    );
  });
});
