/** Qt's binary resources (.rcc), versions 1 to 3: a tree of named files, some of them compressed with zlib. */
import { inflateSync } from "node:zlib";
import { ArchiveError, piece } from "./archive-error.js";
import type { Entries } from "./zip.js";

const flags = { zlib: 1, directory: 2, zstandard: 4 } as const;
const longestFile = 2 ** 28;
const deepest = 64;

interface Resources {
  readonly archive: Buffer;
  readonly tree: number;
  readonly contents: number;
  readonly names: number;
  readonly nodeBytes: number;
}

/**
 * Lists the files by path, such as "gcompris/src/activities/...".
 * @throws ArchiveError if the archive is of another kind or damaged
 */
export function qtResources(archive: Buffer): Entries {
  const header = piece(archive, 0, 20, "The header");
  const version = header.readUInt32BE(4);
  if (header.toString("latin1", 0, 4) !== "qres" || version < 1 || version > 3)
    throw new ArchiveError(
      `This is not a Qt resource file of version 1 to 3: it begins with ${header.toString("hex", 0, 8)}.`,
    );
  const resources = {
    archive,
    tree: header.readUInt32BE(8),
    contents: header.readUInt32BE(12),
    names: header.readUInt32BE(16),
    nodeBytes: version === 1 ? 14 : 22, // from version 2 on, the time of the file follows
  };
  const entries = new Map<string, () => Buffer>();
  collect(resources, 0, [], entries);
  return entries;
}

function collect(
  resources: Resources,
  index: number,
  path: readonly string[],
  entries: Map<string, () => Buffer>,
): void {
  const { archive, tree, nodeBytes } = resources;
  const node = piece(archive, tree + index * nodeBytes, nodeBytes, `Node ${index}`);
  const here = index === 0 ? [] : [...path, nameAt(resources, node.readUInt32BE(0))];
  const flag = node.readUInt16BE(4);
  if ((flag & flags.directory) === 0) {
    const start = resources.contents + node.readUInt32BE(10);
    entries.set(here.join("/"), () => fileAt(archive, start, flag, here.join("/")));
    return;
  }
  const count = node.readUInt32BE(6);
  const first = node.readUInt32BE(10);
  if (here.length > deepest || (count > 0 && first <= index))
    throw new ArchiveError(`Node ${index} of the Qt resource file leads back to itself.`);
  for (let child = first; child < first + count; child++) collect(resources, child, here, entries);
}

function nameAt({ archive, names }: Resources, offset: number): string {
  const length = piece(archive, names + offset, 6, "A name").readUInt16BE(0); // then its hash
  const name = Buffer.from(piece(archive, names + offset + 6, 2 * length, "A name"));
  return name.swap16().toString("utf16le");
}

function fileAt(archive: Buffer, start: number, flag: number, path: string): Buffer {
  const length = piece(archive, start, 4, path).readUInt32BE(0);
  const stored = piece(archive, start + 4, length, path);
  if ((flag & flags.zstandard) !== 0)
    throw new ArchiveError(`${path} is compressed with Zstandard, which is not supported.`);
  if ((flag & flags.zlib) === 0) return stored;
  try {
    // The length of the uncompressed file comes first.
    return inflateSync(stored.subarray(4), { maxOutputLength: longestFile });
  } catch (error) {
    throw new ArchiveError(`${path} cannot be decompressed: ${String(error)}`, { cause: error });
  }
}
