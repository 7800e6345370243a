/** Images as small as possible without looking different. */
import sharp from "sharp";

const side = 64;
/** Steps of each color channel: fewer make files smaller, and drawings do not show the difference. */
const levels = 16;

/** The image on white, its longer side at most 64 pixels, with 16 levels per channel, as lossless WebP. */
export async function smallImage(image: Uint8Array): Promise<Uint8Array> {
  const { data, info } = await sharp(image)
    .resize(side, side, { fit: "inside", withoutEnlargement: true })
    .flatten({ background: "#fff" })
    .removeAlpha()
    .toColourspace("srgb")
    .raw()
    .toBuffer({ resolveWithObject: true });
  const step = 255 / (levels - 1);
  for (const [at, value] of data.entries()) data[at] = Math.round(Math.round(value / step) * step);
  const { width, height, channels } = info;
  return sharp(data, { raw: { width, height, channels } })
    .webp({ lossless: true, effort: 6 })
    .toBuffer();
}
