/** Small images, embedded in a page. */
import sharp from "sharp";
import type { SampleSource } from "../data/formats/source.js";

/** Pixels on the longer side: twice the displayed size, for high-resolution screens. */
const side = 192;

/**
 * Thumbnails of the samples with the given keys, as data URIs. Reads the source until all are found; images that cannot
 * be decoded are omitted.
 */
export async function thumbnails(
  source: SampleSource,
  keys: Iterable<string>,
): Promise<Map<string, string>> {
  const missing = new Set(keys);
  const found = new Map<string, string>();
  if (missing.size === 0) return found;
  for await (const sample of source.read()) {
    if (!missing.delete(sample.key)) continue;
    const small = sample.image && (await thumbnail(sample.image).catch(() => undefined));
    if (small !== undefined) found.set(sample.key, small);
    if (missing.size === 0) break;
  }
  return found;
}

/** A thumbnail of an image file on a white background, as a data URI. */
async function thumbnail(file: Uint8Array): Promise<string> {
  const small = await sharp(file, { failOn: "none" })
    .autoOrient()
    .resize(side, side, { fit: "inside", withoutEnlargement: true })
    .flatten({ background: "#fff" })
    .webp({ quality: 80 })
    .toBuffer();
  return `data:image/webp;base64,${small.toString("base64")}`;
}
