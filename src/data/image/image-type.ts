/** Kinds of image files, by the name of their extension and by their first bytes. */
import { extname } from "node:path";

type ImageType = "jpg" | "png" | "webp" | "gif" | "tif" | "avif" | "svg";

const typeOfExtension: ReadonlyMap<string, ImageType> = new Map([
  ["jpg", "jpg"],
  ["jpeg", "jpg"],
  ["png", "png"],
  ["webp", "webp"],
  ["gif", "gif"],
  ["tif", "tif"],
  ["tiff", "tif"],
  ["avif", "avif"],
  ["svg", "svg"],
]);

/** Whether a file with this extension (no dot, lower case) is taken for an image. */
export function isImageExtension(extension: string): boolean {
  return typeOfExtension.has(extension);
}

/** Whether the extension of a path is one of images. */
export function isImageName(path: string): boolean {
  return isImageExtension(extname(path).slice(1).toLowerCase());
}

/** What kind of image these bytes begin, or undefined where none is known. */
export function imageType(bytes: Uint8Array): ImageType | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 1024));
  const text = head.toString("latin1");
  if (text.startsWith("\xff\xd8\xff")) return "jpg";
  if (text.startsWith("\x89PNG\r\n\x1a\n")) return "png";
  if (text.startsWith("GIF87a") || text.startsWith("GIF89a")) return "gif";
  if (text.startsWith("RIFF") && text.startsWith("WEBP", 8)) return "webp";
  if (text.startsWith("II*\0") || text.startsWith("MM\0*")) return "tif";
  if (text.startsWith("ftyp", 4) && /^avi[fs]/.test(text.slice(8))) return "avif";
  const markup = text.replace(/^\xef\xbb\xbf/, "").trimStart();
  if (/^<(svg[\s>]|\?xml|!--|!doctype svg)/i.test(markup) && /<svg[\s>]/.test(markup)) return "svg";
  return undefined;
}
