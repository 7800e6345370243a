/** Image file formats, identified by extension and by first bytes. */
import { extname } from "node:path";

/** Supported formats: usual extensions and display names. */
const decodedTypes = {
  jpg: "JPEG",
  png: "PNG",
  webp: "WebP",
  gif: "GIF",
  tif: "TIFF",
  avif: "AVIF",
  svg: "SVG",
  bmp: "BMP",
  ico: "ICO",
  pnm: "PNM",
  tga: "TGA",
} as const;

/** Known formats that are not supported. */
const otherTypes = { heic: "HEIC", jp2: "JPEG 2000", jxl: "JPEG XL", psd: "Photoshop" } as const;

export type DecodedType = keyof typeof decodedTypes;
export type ImageType = DecodedType | keyof typeof otherTypes;

const otherExtensions: ReadonlyMap<string, ImageType> = new Map([
  ...(["jpeg", "jpe", "jfif", "pjpeg"] as const).map((name) => [name, "jpg"] as const),
  ...(["pbm", "pgm", "ppm"] as const).map((name) => [name, "pnm"] as const),
  ...(["j2k", "jpx", "jpf"] as const).map((name) => [name, "jp2"] as const),
  ["tiff", "tif"],
  ["heif", "heic"],
  ["cur", "ico"],
]);

export function isDecoded(type: ImageType): type is DecodedType {
  return type in decodedTypes;
}

/** The display name of a format, such as "JPEG 2000". */
export function nameOfType(type: ImageType): string {
  return { ...decodedTypes, ...otherTypes }[type];
}

/** The supported formats, for messages. */
export const decodedNames = Object.values(decodedTypes).join(", ");

/** Whether a file with this extension (no dot, lower case) is treated as an image. */
export function isImageExtension(extension: string): boolean {
  return extension in decodedTypes || extension in otherTypes || otherExtensions.has(extension);
}

/** Whether a path has an image extension. */
export function isImageName(path: string): boolean {
  return isImageExtension(extname(path).slice(1).toLowerCase());
}

/** The format of an image that begins with `bytes`; undefined if there is no known signature. */
export function imageType(bytes: Uint8Array): ImageType | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 1024));
  const text = head.toString("latin1");
  const signature = signatures.find(([pattern]) => pattern.test(text));
  if (signature) return signature[1];
  if (text.startsWith("ftyp", 4)) return typeOfBrands(text);
  const markup = text.replace(/^\xef\xbb\xbf/, "").trimStart();
  if (/^<(svg[\s>]|\?xml|!--|!doctype svg)/i.test(markup) && /<svg[\s>]/.test(markup)) return "svg";
  return undefined;
}

/* eslint-disable no-control-regex -- signatures contain control characters */
const signatures: readonly (readonly [RegExp, ImageType])[] = [
  [/^\xff\xd8\xff/, "jpg"],
  [/^\x89PNG\r\n\x1a\n/, "png"],
  [/^GIF8[79]a/, "gif"],
  [/^RIFF[^]{4}WEBP/, "webp"],
  [/^(II\*\0|MM\0\*)/, "tif"],
  [/^BM[^]{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0/, "bmp"],
  [/^\0\0[\x01\x02]\0[^\0]\0/, "ico"],
  [/^P[1-6][\s#]/, "pnm"],
  [/^(\0\0\0\x0cjP {2}\r\n\x87\n|\xff\x4f\xff\x51)/, "jp2"],
  [/^(\0\0\0\x0cJXL \r\n\x87\n|\xff\x0a)/, "jxl"],
  [/^8BPS\0/, "psd"],
];
/* eslint-enable no-control-regex */

/** AVIF and HEIC share a container; the brands in its first box distinguish them. */
function typeOfBrands(text: string): ImageType | undefined {
  const length = Math.min(text.charCodeAt(2) * 256 + text.charCodeAt(3), 1024);
  const brands = text.slice(8, length).match(/[^]{4}/g) ?? [];
  if (brands.some((brand) => /^avi[fs]$/.test(brand))) return "avif";
  return brands.some((brand) => /^(hei[cmsx]|hev[cmsx]|m[is]f1)$/.test(brand)) ? "heic" : undefined;
}
