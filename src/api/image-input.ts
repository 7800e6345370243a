import { readFile } from "node:fs/promises";
import { decodeImage } from "../data/image/decode.js";
import { ImageError } from "../data/image/image-error.js";
import type { Image } from "../data/image/image.js";
import { pathOf } from "./path.js";

/** An image: the path or file: URL of its file, the bytes of its file (JPEG, PNG, WebP ...), or its pixels. */
export type ImageInput = string | URL | Uint8Array | Image;

/** Reads and decodes an image; messages name the file. */
export async function readImage(input: ImageInput): Promise<Image> {
  if (typeof input === "string" || input instanceof URL) return readFileOf(input);
  if (input instanceof Uint8Array) return decodeImage(input);
  const { width, height, pixels } = input;
  if (width > 0 && height > 0 && pixels.length === width * height * 3) return input;
  throw new RangeError(
    `An image has 3 numbers for each pixel, but one of ${width} x ${height} was given with ${pixels.length}.`,
  );
}

async function readFileOf(place: string | URL): Promise<Image> {
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
    throw new Error(`The image ${path} cannot be read: ${reason}.`, { cause });
  });
  try {
    return await decodeImage(file);
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    throw new ImageError(error.reason, `${path}: ${error.message}`, { cause: error });
  }
}
