/** Square crops of large images: thousands of views of a few dozen photographs. */
import sharp from "sharp";
import { type Key, foldIn, uniformAt } from "flava/data";

interface CropOptions {
  /** Number of attempts; plain crops are left out. */
  readonly count: number;
  /** Side of the crops in pixels. */
  readonly size: number;
  /** The smallest and largest crop, relative to the shorter side. */
  readonly from: number;
  readonly to: number;
}

/** Below this standard deviation of the color values, of 255, a crop is plain. */
const plainest = 8;
/** Taller images are made smaller first: crops end up small, and their cost grows with the pixels read. */
const tallest = 1200;

/** Crops at random positions and scales, the same for the same key, as JPEG. */
export async function* crops(file: Buffer, key: Key, options: CropOptions): AsyncGenerator<Buffer> {
  const { count, size, from, to } = options;
  const { data, info } = await sharp(file, { limitInputPixels: 1e8 })
    .flatten({ background: "#fff" })
    .toColourspace("srgb")
    .resize({ height: tallest, withoutEnlargement: true })
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  for (let index = 0; index < count; index++) {
    const own = foldIn(key, index);
    const share = from + (to - from) * uniformAt(own, 0);
    const side = Math.max(1, Math.floor(share * Math.min(width, height)));
    const left = Math.floor(uniformAt(own, 1) * (width - side + 1));
    const top = Math.floor(uniformAt(own, 2) * (height - side + 1));
    const crop = await sharp(data, { raw: { width, height, channels } })
      .extract({ left, top, width: side, height: side })
      .resize(size, size)
      .raw()
      .toBuffer();
    if (deviation(crop) < plainest) continue;
    yield await sharp(crop, { raw: { width: size, height: size, channels } })
      .jpeg({ quality: 92 })
      .toBuffer();
  }
}

/** The standard deviation of all values. */
function deviation(values: Uint8Array): number {
  let [sum, squares] = [0, 0];
  for (const value of values) {
    sum += value;
    squares += value * value;
  }
  return Math.sqrt(Math.max(0, squares / values.length - (sum / values.length) ** 2));
}
