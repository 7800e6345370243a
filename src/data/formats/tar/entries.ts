/** The files of a tar archive. All metadata in the archive is treated as untrusted. */
import { Header, Pax } from "tar";
import { SourceError, reasonOf } from "../source-error.js";
import type { ByteReader } from "./byte-reader.js";

export const blockBytes = 512;
const longestExtension = 1 << 20; // bytes of an extended header

/** A regular file in an archive. */
export interface TarEntry {
  /** Relative, with "/" and without "..". */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Offset of its content. */
  readonly start: number;
  /** Reads its content; call once, before advancing to the next entry. The caller may keep the buffer. */
  take(): Promise<Buffer>;
}

/** Rounds `size` up to whole blocks. */
export function padded(size: number): number {
  return Math.ceil(size / blockBytes) * blockBytes;
}

/** Attributes of the next file, from extended headers. */
interface Extension {
  path?: string;
  size?: number;
}

/**
 * Iterates over the regular files of an archive from the current position; directories, links and devices are skipped.
 * @param archive its name, for messages
 * @throws SourceError if a header is damaged, a size is inconsistent, or a path leads out of the archive
 */
export async function* tarEntries(archive: string, bytes: ByteReader): AsyncGenerator<TarEntry> {
  let extension: Extension = {};
  for (;;) {
    const at = `${archive}, byte ${bytes.position}`;
    const header = await readHeader(at, bytes);
    if (header === undefined) return;
    const type = header.type;
    const isFile = type === "File" || type === "OldFile" || type === "ContiguousFile";
    const size = sizeOf(at, header, isFile ? extension.size : undefined, bytes);
    if (type === "ExtendedHeader" || type === "NextFileHasLongPath") {
      extension = { ...extension, ...(await readExtension(at, type, size, bytes)) };
      continue;
    }
    const content = bytes.position;
    if (isFile) {
      const path = safePath(at, extension.path ?? header.path ?? "");
      yield { path, size, start: content, take: () => takeAll(at, path, size, bytes) };
    }
    await skipTo(at, content + padded(size), content + size, bytes);
    if (type !== "GlobalExtendedHeader") extension = {};
  }
}

/** The next header; undefined at the end of the archive, marked by a block of zeros. */
async function readHeader(at: string, bytes: ByteReader): Promise<Header | undefined> {
  const block = await bytes.take(blockBytes);
  if (block.length === 0) return undefined;
  if (block.length < blockBytes) throw new SourceError(`${at}: the archive ends within a header.`);
  let header: Header;
  try {
    header = new Header(block, 0);
  } catch (error) {
    throw new SourceError(`${at}: this is not a tar header: ${reasonOf(error)}.`);
  }
  if (header.nullBlock) return undefined;
  if (!header.cksumValid)
    throw new SourceError(
      `${at}: the checksum of this header is wrong; the archive is damaged or not a tar archive.`,
    );
  return header;
}

function sizeOf(
  at: string,
  header: Header,
  extended: number | undefined,
  bytes: ByteReader,
): number {
  const size = extended ?? header.size;
  if (size === undefined || !Number.isSafeInteger(size) || size < 0)
    throw new SourceError(`${at}: the size of this entry is not a number of bytes.`);
  if (bytes.remaining !== undefined && size > bytes.remaining)
    throw new SourceError(
      `${at}: this entry claims ${size} bytes, but only ${bytes.remaining} follow; the archive is cut off or damaged.`,
    );
  return size;
}

async function readExtension(
  at: string,
  type: "ExtendedHeader" | "NextFileHasLongPath",
  size: number,
  bytes: ByteReader,
): Promise<Extension> {
  if (size > longestExtension)
    throw new SourceError(`${at}: an extended header of ${size} bytes is longer than any name.`);
  const content = bytes.position;
  const text = (await takeAll(at, "extended header", size, bytes)).toString("utf8");
  await skipTo(at, content + padded(size), content + size, bytes);
  if (type === "NextFileHasLongPath") return { path: text.replace(/\0.*$/s, "") };
  const pax = Pax.parse(text);
  return {
    ...(pax.path !== undefined && { path: pax.path }),
    ...(pax.size !== undefined && { size: pax.size }),
  };
}

async function takeAll(at: string, path: string, size: number, bytes: ByteReader): Promise<Buffer> {
  const content = await bytes.take(size);
  if (content.length < size)
    throw new SourceError(`${at}: the archive ends within ${JSON.stringify(path)}.`);
  // A small file must not keep a whole window alive.
  return content.buffer.byteLength > 2 * size ? Buffer.from(content) : content;
}

/** Skips to `end`. The padding between `needed` and `end` may be missing at the end of an archive. */
async function skipTo(at: string, end: number, needed: number, bytes: ByteReader): Promise<void> {
  if (await bytes.skip(end - bytes.position)) return;
  if (bytes.position < needed) throw new SourceError(`${at}: the archive ends within this entry.`);
}

/**
 * The path without a leading "/" or "./", as tar extracts it.
 * @throws SourceError if it leads out of the archive, as in malicious archives
 */
function safePath(at: string, path: string): string {
  if (path.split(/[/\\]/).includes("..") || /^[a-z]:/i.test(path) || path.includes("\0"))
    throw new SourceError(
      `${at}: the path ${JSON.stringify(path.slice(0, 200))} leads out of the archive.`,
    );
  return path.replace(/^(\.?[/\\]+)+/, "");
}
