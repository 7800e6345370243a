import sharp from "sharp";
import type { Image } from "../../data/image/image.js";

/** A data: URL of the image as a PNG. */
export async function encodePng({ width, height, pixels }: Image): Promise<string> {
  const png = await sharp(pixels, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
  return `data:image/png;base64,${png.toString("base64")}`;
}
