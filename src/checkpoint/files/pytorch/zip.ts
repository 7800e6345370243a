/** Zip archives with uncompressed entries, as written by PyTorch, including those beyond 4 GB (zip64). */
import { quote } from "../../../base/quote.js";
import { type RandomAccessFile, openFile } from "../random-access-file.js";
import { CheckpointError } from "../stored-tensor.js";

export interface ZipEntry {
  readonly size: number;
  /** Fills `target` with the entry's bytes from `position` on. */
  readInto(target: Uint8Array, position: number): Promise<void>;
}

export interface Zip {
  readonly entries: ReadonlyMap<string, ZipEntry>;
  close(): Promise<void>;
}

/** A piece of the archive: where an entry's local header starts, and how many bytes of content follow it. */
interface Place {
  readonly name: string;
  readonly header: number;
  readonly size: number;
}

/** The central directory: the list of all entries. */
interface Directory {
  readonly start: number;
  readonly length: number;
  readonly count: number;
}

const localHeaderBytes = 30;
const entryBytes = 46;
const endBytes = 22;
const longestComment = 0xffff;
const longestDirectory = 100_000_000;

export async function openZip(path: string): Promise<Zip> {
  const file = await openFile(path);
  try {
    const directory = await findDirectory(file);
    const places = placesOf(path, directory, await file.read(directory.start, directory.length));
    checkApart(path, places, directory.start);
    const entries = new Map(places.map((place) => [place.name, zipEntry(file, place)]));
    if (entries.size !== places.length)
      throw new CheckpointError(`${path} has two entries of the same name.`);
    return { entries, close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function findDirectory(file: RandomAccessFile): Promise<Directory> {
  const length = Math.min(file.bytes, endBytes + longestComment);
  const tail = await file.read(file.bytes - length, length);
  let end = length - endBytes;
  while (end >= 0 && tail.readUInt32LE(end) !== 0x06054b50) end--;
  if (end < 0)
    throw new CheckpointError(
      `${file.path} is not a weights file: neither .safetensors nor a zip archive as PyTorch writes, or its end is missing.`,
    );
  const narrow = {
    count: tail.readUInt16LE(end + 10),
    length: tail.readUInt32LE(end + 12),
    start: tail.readUInt32LE(end + 16),
  };
  const wide =
    narrow.count === 0xffff || narrow.length === 0xffffffff || narrow.start === 0xffffffff;
  const directory = wide ? await findWideDirectory(file, file.bytes - length + end) : narrow;
  const { count, start } = directory;
  const fits = start + directory.length <= file.bytes && count * entryBytes <= directory.length;
  if (fits && directory.length <= longestDirectory) return directory;
  throw new CheckpointError(
    `${file.path} claims a directory of ${count} entries that does not fit the file.`,
  );
}

/** The zip64 end record, found through the locator before the ordinary end record at `end`. */
async function findWideDirectory(file: RandomAccessFile, end: number): Promise<Directory> {
  const locator = await file.read(end - 20, 20);
  if (locator.readUInt32LE(0) !== 0x07064b50)
    throw new CheckpointError(`${file.path} has no zip64 directory.`);
  const record = await file.read(Number(locator.readBigUInt64LE(8)), 56);
  if (record.readUInt32LE(0) !== 0x06064b50)
    throw new CheckpointError(`${file.path} has no zip64 directory.`);
  return {
    count: Number(record.readBigUInt64LE(32)),
    length: Number(record.readBigUInt64LE(40)),
    start: Number(record.readBigUInt64LE(48)),
  };
}

function placesOf(path: string, { count }: Directory, bytes: Buffer): Place[] {
  const places: Place[] = [];
  let at = 0;
  for (let index = 0; index < count; index++) {
    if (at + entryBytes > bytes.length || bytes.readUInt32LE(at) !== 0x02014b50) {
      throw new CheckpointError(`Entry ${index} of ${path} is damaged.`);
    }
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((field) =>
      bytes.readUInt16LE(at + field),
    );
    const nameEnd = at + entryBytes + (nameBytes ?? 0);
    const extraEnd = nameEnd + (extraBytes ?? 0);
    const next = extraEnd + (commentBytes ?? 0);
    if (next > bytes.length) throw new CheckpointError(`Entry ${index} of ${path} is damaged.`);
    const name = bytes.toString("utf8", at + entryBytes, nameEnd);
    places.push(
      placeOf(path, name, bytes.subarray(at, nameEnd), bytes.subarray(nameEnd, extraEnd)),
    );
    at = next;
  }
  return places;
}

function placeOf(path: string, name: string, entry: Buffer, extra: Buffer): Place {
  const encrypted = (entry.readUInt16LE(8) & 1) === 1;
  if (encrypted || entry.readUInt16LE(10) !== 0) {
    throw new CheckpointError(
      `${quote(name)} in ${path} is compressed or encrypted; PyTorch stores entries uncompressed.`,
    );
  }
  const narrow = [entry.readUInt32LE(24), entry.readUInt32LE(20), entry.readUInt32LE(42)];
  const [size, packed, header] = widen(narrow, extra);
  if (size === undefined || packed === undefined || header === undefined || size !== packed) {
    throw new CheckpointError(`${quote(name)} in ${path} has an unknown size.`);
  }
  return { name, size, header };
}

/** Replaces numbers too large for 32 bits with those of the zip64 extra field, which lists only these, in order. */
function widen(numbers: readonly number[], extra: Buffer): (number | undefined)[] {
  let field: Buffer = Buffer.alloc(0);
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) === 1)
      field = extra.subarray(at + 4, at + 4 + extra.readUInt16LE(at + 2));
  }
  let at = 0;
  return numbers.map((number) => {
    if (number !== 0xffffffff) return number;
    if (at + 8 > field.length) return undefined;
    at += 8;
    return Number(field.readBigUInt64LE(at - 8));
  });
}

/** No entry may overlap the next one or the directory: such archives expand when read. */
function checkApart(path: string, places: readonly Place[], directoryStart: number): void {
  let end = directoryStart;
  for (const { name, header, size } of places.toSorted((a, b) => b.header - a.header)) {
    if (header + localHeaderBytes + size > end) {
      throw new CheckpointError(
        `${quote(name)} in ${path} claims ${size} bytes, more than the file has.`,
      );
    }
    end = header;
  }
}

function zipEntry(file: RandomAccessFile, { name, size, header }: Place): ZipEntry {
  return {
    size,
    readInto: async (target, position) => {
      if (position < 0 || position + target.length > size) {
        throw new CheckpointError(
          `${quote(name)} in ${file.path} has ${size} bytes, fewer than requested.`,
        );
      }
      const local = await file.read(header, localHeaderBytes);
      if (local.readUInt32LE(0) !== 0x04034b50)
        throw new CheckpointError(`${quote(name)} in ${file.path} is damaged.`);
      const start = header + localHeaderBytes + local.readUInt16LE(26) + local.readUInt16LE(28);
      await file.readInto(target, start + position);
    },
  };
}
