import { readFile } from "node:fs/promises";
import { PictureError, decodePicture } from "../data/image/decode.js";
import type { Picture } from "../data/image/image.js";
import { pathOf } from "./path.js";

/** A picture: the path or file: URL of its file, the bytes of its file (JPEG, PNG, WebP ...), or its pixels. */
export type PictureInput = string | URL | Uint8Array | Picture;

/** Reads and decodes a picture; messages name the file. */
export async function readPicture(input: PictureInput): Promise<Picture> {
  if (typeof input === "string" || input instanceof URL) return readFileOf(input);
  if (input instanceof Uint8Array) return decodePicture(input);
  const { width, height, pixels } = input;
  if (width > 0 && height > 0 && pixels.length === width * height * 3) return input;
  throw new RangeError(
    `A picture has 3 numbers for each pixel, but one of ${width} x ${height} was given with ${pixels.length}.`,
  );
}

async function readFileOf(place: string | URL): Promise<Picture> {
  const name = String(place);
  if (/^(https?|ftp|data):/i.test(name)) {
    throw new TypeError(
      `${name.slice(0, 80)} is not a file, and nothing is downloaded. Give the path of a file, or its bytes.`,
    );
  }
  const path = pathOf(name);
  const file = await readFile(path).catch((cause: unknown) => {
    const reason =
      (cause as NodeJS.ErrnoException).code === "ENOENT" ? "there is none" : String(cause);
    throw new Error(`The picture ${path} cannot be read: ${reason}.`, { cause });
  });
  try {
    return await decodePicture(file);
  } catch (error) {
    if (!(error instanceof PictureError)) throw error;
    throw new PictureError(error.reason, `${path}: ${error.message}`, { cause: error });
  }
}
