/** Images that stay in their files until they are needed. */
import { open } from "node:fs/promises";
import { SampleError, SourceError, reasonOf } from "./source-error.js";

/** Where the bytes of an image are. Plain JSON. */
export interface ImagePlace {
  readonly file: string;
  /** The part of an archive, in bytes; default: the whole file. */
  readonly range?: { readonly start: number; readonly bytes: number };
}

export function isPlace(image: Uint8Array | ImagePlace): image is ImagePlace {
  return "file" in image;
}

/**
 * The bytes at `place`.
 * @throws SampleError if the file cannot be read, SourceError if an archive cannot
 */
export async function readPlace(place: ImagePlace, key: string): Promise<Buffer> {
  try {
    return await bytesAt(place);
  } catch (error) {
    const message = `${place.file} cannot be read: ${reasonOf(error)}`;
    throw place.range ? new SourceError(message) : new SampleError(key, "unreadable", message);
  }
}

/**
 * The bytes at a place.
 * @throws Error that says why they cannot be read, but not where they are
 */
export async function bytesAt({ file, range }: ImagePlace): Promise<Buffer> {
  const handle = await open(file, "r");
  try {
    if (!range) return await handle.readFile();
    const bytes = Buffer.allocUnsafe(range.bytes);
    const { bytesRead } = await handle.read(bytes, 0, range.bytes, range.start);
    if (bytesRead === range.bytes) return bytes;
    throw new Error("it has become shorter");
  } finally {
    await handle.close();
  }
}
