/** Zip archives in memory, stored or deflated, such as furniture catalogs; no encryption, no Zip64. */
import { inflateRawSync } from "node:zlib";
import { ArchiveError, piece } from "./archive-error.js";

/** Entries by name, without folders; calling one decompresses it. Names are as stored, with forward slashes. */
export type Entries = ReadonlyMap<string, () => Buffer>;

const endBytes = 22;
const longestComment = 0xffff;
const headerBytes = 46;
const localBytes = 30;
const largestEntry = 2 ** 28;

/**
 * Lists a zip archive by its central directory (PKWARE's APPNOTE, 4.3.12 and 4.3.16).
 * @throws ArchiveError if the archive is of another kind or damaged
 */
export function zipEntries(archive: Buffer): Entries {
  const end = endOfDirectory(archive);
  const count = archive.readUInt16LE(end + 10);
  const entries = new Map<string, () => Buffer>();
  let at = archive.readUInt32LE(end + 16);
  for (let index = 0; index < count; index++) {
    const header = piece(archive, at, headerBytes, `Header ${index}`);
    if (header.readUInt32LE(0) !== 0x02014b50)
      throw new ArchiveError(`Header ${index} of the zip archive is damaged.`);
    const nameBytes = header.readUInt16LE(28);
    const name = piece(archive, at + headerBytes, nameBytes, `Name ${index}`).toString("utf8");
    if (!name.endsWith("/")) entries.set(name, () => unpack(archive, header, name));
    at += headerBytes + nameBytes + header.readUInt16LE(30) + header.readUInt16LE(32);
  }
  return entries;
}

function endOfDirectory(archive: Buffer): number {
  const first = Math.max(0, archive.length - endBytes - longestComment);
  for (let at = archive.length - endBytes; at >= first; at--)
    if (archive.readUInt32LE(at) === 0x06054b50) return at;
  throw new ArchiveError("This is not a zip archive, or its end is missing.");
}

function unpack(archive: Buffer, header: Buffer, name: string): Buffer {
  const method = header.readUInt16LE(10);
  const size = header.readUInt32LE(24);
  const encrypted = (header.readUInt16LE(8) & 1) === 1;
  if (encrypted || (method !== 0 && method !== 8) || size > largestEntry)
    throw new ArchiveError(
      `${name} is encrypted, of method ${method} or of ${size} bytes; stored and deflated entries ` +
        `of up to ${largestEntry} bytes are read.`,
    );
  const start = header.readUInt32LE(42);
  const local = piece(archive, start, localBytes, `The local header of ${name}`);
  const content = start + localBytes + local.readUInt16LE(26) + local.readUInt16LE(28);
  const packed = piece(archive, content, header.readUInt32LE(20), name);
  const bytes = method === 0 ? packed : inflate(packed, size, name);
  if (bytes.length === size) return bytes;
  throw new ArchiveError(`${name} should have ${size} bytes but has ${bytes.length}.`);
}

function inflate(packed: Buffer, size: number, name: string): Buffer {
  try {
    return inflateRawSync(packed, { maxOutputLength: Math.max(1, size) });
  } catch (error) {
    throw new ArchiveError(`${name} cannot be decompressed: ${String(error)}`, { cause: error });
  }
}
