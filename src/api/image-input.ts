import { readFile } from "node:fs/promises";
import type { Sharp } from "sharp";
import { decodeImage } from "../data/image/decode.js";
import { ImageError } from "../data/image/image-error.js";
import type { Image } from "../data/image/image.js";
import { pathOf } from "./path.js";

/**
 * An image: the path or file: URL of an image file, its bytes (JPEG, PNG, WebP ...), a Blob or File, a sharp instance,
 * or decoded pixels. Of sharp instances in RGB, as of files, the EXIF orientation is applied and the color profile is not.
 */
export type ImageInput = string | URL | ArrayBuffer | Uint8Array | Blob | Sharp | Image;

/** Number of decoded images in memory at a time. */
export const imagesAtOnce = 16;

/**
 * Reads and decodes an image.
 * @throws TypeError if `input` is not an `ImageInput`
 * @throws ImageError if the image cannot be decoded; the message names the file
 */
export async function readImage(input: ImageInput): Promise<Image> {
  if (typeof input === "string" || input instanceof URL) return readFileOf(input);
  if (input instanceof Uint8Array) return decodeImage(input);
  if (input instanceof ArrayBuffer) return decodeImage(new Uint8Array(input));
  if (input instanceof Blob) return decodeImage(new Uint8Array(await input.arrayBuffer()));
  if (isSharp(input)) {
    const whole = input.clone().keepExif().keepIccProfile(); // by default sharp drops the orientation and changes colors
    return decodeImage(await whole.png({ compressionLevel: 0 }).toBuffer());
  }
  if (isPixels(input)) return input;
  throw new TypeError(
    "Expected an image: a path, a file: URL, the bytes of an image file (Uint8Array, ArrayBuffer, Blob), a sharp " +
      `instance, or { width, height, pixels } with 3 numbers for each pixel; got ${described(input)}.`,
  );
}

/** Does not use `instanceof` because the caller's sharp may be a different copy. */
const isSharp = (input: unknown): input is Sharp =>
  typeof input === "object" && input !== null && "clone" in input && "toBuffer" in input;

function isPixels(input: unknown): input is Image {
  if (typeof input !== "object" || input === null) return false;
  const { width, height, pixels } = input as Partial<Image>;
  if (!(pixels instanceof Uint8Array) || width === undefined || height === undefined) return false;
  return width > 0 && height > 0 && pixels.length === width * height * 3;
}

function described(input: unknown): string {
  if (typeof input !== "object" || input === null) return String(input);
  const { width, height, pixels } = input as Partial<Image>;
  if (pixels === undefined) return `an object (${Object.prototype.toString.call(input)})`;
  return `${width} x ${height} with ${pixels.length} numbers`;
}

async function readFileOf(place: string | URL): Promise<Image> {
  const name = String(place);
  if (/^(https?|ftp|data):/i.test(name)) {
    throw new TypeError(
      `${name.slice(0, 80)} is not a file, and nothing is downloaded. Give the path or the bytes of an image file.`,
    );
  }
  const path = pathOf(name);
  const file = await readFile(path).catch((cause: unknown) => {
    const { code, message } = cause as NodeJS.ErrnoException;
    const known: Readonly<Record<string, string>> = {
      ENOENT: "there is no such file",
      EISDIR: `it is a directory; name its files, such as "${path}/*.png"`,
    };
    throw new Error(`The image ${path} cannot be read: ${known[code ?? ""] ?? message}.`, {
      cause,
    });
  });
  try {
    return await decodeImage(file);
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    throw new ImageError(error.reason, `${path}: ${error.message}`, { cause: error });
  }
}
