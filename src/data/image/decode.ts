/** Decodes image files to pixels. */
import sharp, { type Sharp } from "sharp";
import { decodeBmp, decodeIconDib } from "./codecs/bmp.js";
import { largestIcon } from "./codecs/ico.js";
import { decodePnm } from "./codecs/pnm.js";
import type { Decode } from "./codecs/raw-image.js";
import { canBeTga, decodeTga } from "./codecs/tga.js";
import { ImageError, tooLarge } from "./image-error.js";
import { type DecodedType, decodedNames, imageType, isDecoded, nameOfType } from "./image-type.js";
import type { Image } from "./image.js";
import { decodeSmallImage } from "./small-image.js";

// Images rarely repeat and callers decode several at once, so caching is useless and one thread per image is enough.
sharp.cache(false);
sharp.concurrency(1);

/** What is refused, and how colors and drawings are read. */
export interface DecodeOptions {
  /** Larger images are refused before they are decoded; default: 100 million pixels. */
  readonly maxPixels?: number;
  /** The longer side of an SVG in pixels; default: the size in the file. */
  readonly vectorSize?: number;
  /**
   * Converts colors from the file's ICC profile to sRGB. Default: false, values are used unchanged, as by Pillow's
   * `convert("RGB")`, with which the published weights were trained.
   */
  readonly applyProfile?: boolean;
}

const defaultMaxPixels = 100e6;

interface Header {
  readonly format: string;
  readonly width: number;
  readonly height: number;
  readonly space: string;
  readonly density: number | undefined;
}

const formats = new Set(["jpeg", "png", "webp", "gif", "tiff", "heif", "svg"]);

/**
 * Decodes a JPEG, PNG, WebP, GIF, TIFF (first frame), AVIF, SVG, BMP, ICO (largest image), PNM or TGA. The EXIF
 * orientation is applied; gray, palette, CMYK and 16-bit pixels become 8-bit RGB; transparent pixels are blended with
 * white. JPEG pixels match Pillow's.
 * @throws ImageError for anything else
 */
export async function decodeImage(file: Uint8Array, options: DecodeOptions = {}): Promise<Image> {
  if (file.length === 0) throw new ImageError("empty", "The file of the image has no bytes.");
  const type = imageType(file);
  if (type !== undefined && !isDecoded(type))
    throw new ImageError(
      "unreadable",
      `The image is ${nameOfType(type)}, which is not supported. Convert it to PNG or JPEG, for example with ` +
        `ImageMagick: magick image.${type} image.png`,
    );
  if (type === "ico") return decodeIcon(file, options);
  if ((type === "png" || type === "webp") && !options.applyProfile) {
    const small = await decodeSmallImage(file, type, options.maxPixels ?? defaultMaxPixels);
    if (small) return small;
  }
  const known = type ?? (canBeTga(file) ? "tga" : undefined);
  const codec = known && codecs[known];
  return codec ? decodeWith(codec, known, file, options) : decodeBySharp(file, options);
}

/** Formats that sharp's build of libvips does not read. */
const codecs: Readonly<Partial<Record<DecodedType, Decode>>> = {
  bmp: decodeBmp,
  pnm: decodePnm,
  tga: decodeTga,
};

async function decodeIcon(file: Uint8Array, options: DecodeOptions): Promise<Image> {
  let icon: Buffer;
  try {
    icon = largestIcon(bufferOf(file));
  } catch (error) {
    throw damaged("ICO", error);
  }
  return imageType(icon) === "png"
    ? decodeBySharp(icon, options)
    : decodeWith(decodeIconDib, "ico", icon, options);
}

async function decodeWith(
  decode: Decode,
  type: DecodedType,
  file: Uint8Array,
  { maxPixels = defaultMaxPixels }: DecodeOptions,
): Promise<Image> {
  try {
    const { pixels, ...raw } = decode(bufferOf(file), (width, height) => {
      if (width * height > maxPixels) throw tooLarge(width, height, maxPixels);
    });
    return await toImage(sharp(pixels, { raw, limitInputPixels: false }));
  } catch (error) {
    throw error instanceof ImageError ? error : damaged(nameOfType(type), error);
  }
}

async function decodeBySharp(file: Uint8Array, options: DecodeOptions): Promise<Image> {
  const { maxPixels = defaultMaxPixels, vectorSize, applyProfile = false } = options;
  const reading = { autoOrient: true, failOn: "error", ignoreIcc: !applyProfile } as const;
  const opened = sharp(file, { ...reading, limitInputPixels: false });
  const header = await readHeader(file, opened);
  const density = densityFor(header, vectorSize);
  const scale = density === undefined ? 1 : density / (header.density ?? 72);
  const [width, height] = [header.width * scale, header.height * scale];
  if (width * height > maxPixels) throw tooLarge(width, height, maxPixels);
  const limitInputPixels = Math.ceil(maxPixels);
  const decoder =
    density === undefined ? opened : sharp(file, { ...reading, limitInputPixels, density });
  try {
    return await toImage(decoder, header.space === "cmyk" && !applyProfile);
  } catch (error) {
    if (messageOf(error).includes("pixel limit")) throw tooLarge(width, height, maxPixels);
    throw damaged(header.format, error);
  }
}

async function toImage(decoder: Sharp, isCmyk = false): Promise<Image> {
  const { data, info } = await toSpace(decoder, isCmyk ? "cmyk" : "srgb")
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  const pixels = isCmyk
    ? rgbOfCmyk(data, info.channels)
    : new Uint8Array(data.buffer, data.byteOffset, data.length);
  return { width: info.width, height: info.height, pixels };
}

function toSpace(decoder: Sharp, space: "cmyk" | "srgb"): Sharp {
  if (space === "cmyk") return decoder.pipelineColourspace("cmyk").toColourspace("cmyk");
  return decoder.flatten({ background: "#fff" }).toColourspace("srgb");
}

/** Reads the size and type of an image from the first bytes of its file. */
async function readHeader(file: Uint8Array, opened: Sharp): Promise<Header> {
  try {
    const { format, width, height, space, density } = await opened.metadata();
    if (formats.has(format)) return { format, width, height, space, density };
  } catch (error) {
    const message = messageOf(error);
    if (!message.includes("unsupported image format")) {
      throw new ImageError("damaged", `The header of the image is damaged: ${message}`, {
        cause: error,
      });
    }
  }
  const start = Buffer.from(file.subarray(0, 8))
    .toString("hex")
    .replace(/..(?=.)/g, "$& ");
  if (/^(49 49 2a 00|4d 4d 00 2a)/.test(start)) {
    // The directory of a TIFF is often at the end of the file.
    throw new ImageError("damaged", "The TIFF file is damaged: its directory cannot be read.");
  }
  throw new ImageError(
    "unreadable",
    `A file that begins with the bytes ${start} is none of the supported formats: ${decodedNames}.`,
  );
}

/** Dots per inch at which the longer side of an SVG has `size` pixels. */
function densityFor(header: Header, size: number | undefined): number | undefined {
  if (header.format !== "svg" || size === undefined) return undefined;
  const density = ((header.density ?? 72) * size) / Math.max(header.width, header.height);
  return Math.min(Math.max(density, 1), 100_000); // sharp's limits
}

function damaged(format: string, error: unknown): ImageError {
  return new ImageError(
    "damaged",
    `The ${format.toUpperCase()} file is damaged: ${messageOf(error)}`,
    {
      cause: error,
    },
  );
}

const bufferOf = (file: Uint8Array): Buffer =>
  Buffer.from(file.buffer, file.byteOffset, file.byteLength);

/** libvips messages have several lines, many of them repeated. */
function messageOf(error: unknown): string {
  const lines = (error instanceof Error ? error.message : String(error)).split("\n");
  return [...new Set(lines)]
    .join("; ")
    .replace(/[:\s]+$/, "")
    .slice(0, 200);
}

/** Converts CMYK `[H, W, C]` to RGB without a profile: each ink absorbs its share of the light that black leaves. */
function rgbOfCmyk(inks: Uint8Array, channels: number): Uint8Array {
  const pixels = new Uint8Array((inks.length / channels) * 3);
  for (let from = 0, to = 0; to < pixels.length; from += channels, to += 3) {
    const light = 255 - inks[from + 3]!;
    for (let color = 0; color < 3; color++) {
      pixels[to + color] = light - Math.round((inks[from + color]! * light) / 255);
    }
  }
  return pixels;
}
