/** Reads images that stay in their files until they are needed. Apart from their places, of which browsers know, too. */
import { readFile } from "node:fs/promises";
import { fetchRemote, readRemote } from "../remote/remote-file.js";
import type { ByteRange } from "../remote/store.js";
import type { ByteRanges } from "./byte-ranges.js";
import type { ImagePlace } from "../image-place.js";
import type { OpenArchives } from "./open-archives.js";
import { openRanges } from "./open-ranges.js";
import type { SampleName } from "../batch/skipped.js";
import { SampleError, SourceError, reasonOf } from "./source-error.js";

/**
 * The bytes at `place`.
 * @param archives keeps archives open for further reads; default: an archive is opened for this one
 * @throws SampleError if the file cannot be read, SourceError if an archive cannot
 */
export async function readPlace(
  place: ImagePlace,
  { key, where }: SampleName,
  archives?: OpenArchives,
): Promise<Buffer> {
  try {
    return await bytesAt(place, archives);
  } catch (error) {
    const message = `${place.file} cannot be read: ${reasonOf(error)}`;
    if (place.range) throw new SourceError(message);
    throw new SampleError(key, "unreadable", message, where);
  }
}

/** Fetches the bytes at a place if it is at a URL, so that reading them need not wait. */
export async function prefetchPlace({ file, range, state }: ImagePlace): Promise<void> {
  if (range && state) await fetchRemote(file, state, rangeOf(range));
}

const rangeOf = ({ start, bytes }: NonNullable<ImagePlace["range"]>): ByteRange => ({
  ...{ start, end: start + bytes },
});

/**
 * The bytes at a place.
 * @throws Error that says why they cannot be read, but not where they are
 */
export async function bytesAt(
  { file, range, state }: ImagePlace,
  archives?: OpenArchives,
): Promise<Buffer> {
  if (range && state) return readRemote(file, state, rangeOf(range));
  if (!range) return readFile(file);
  if (archives) return partOf(await archives.open(file), range);
  const archive = await openRanges(file);
  try {
    return await partOf(archive, range);
  } finally {
    await archive.close();
  }
}

async function partOf(
  archive: ByteRanges,
  { start, bytes }: NonNullable<ImagePlace["range"]>,
): Promise<Buffer> {
  const part = await archive.read(start, bytes);
  if (part.length === bytes) return part;
  throw new Error("it has become shorter");
}
