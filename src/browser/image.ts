import type { Image } from "../data/image/image.js";

/** What a canvas gives (`getImageData`): 8-bit sRGB with alpha. */
interface CanvasPixels {
  readonly width: number;
  readonly height: number;
  /** [H, W, 4] */
  readonly data: ArrayLike<number>;
}

/** An image: the `ImageData` of a canvas, or RGB pixels. */
export type BrowserImage = CanvasPixels | Image;

/** The image without alpha, transparent pixels over black. */
export function toImage(image: BrowserImage): Image {
  if ("pixels" in image) return image;
  const { width, height, data } = image;
  if (data.length !== 4 * width * height) {
    throw new RangeError(
      `An ImageData of ${width} x ${height} has ${4 * width * height} numbers, not ${data.length}.`,
    );
  }
  const pixels = new Uint8Array(3 * width * height);
  for (let i = 0; i < width * height; i++) {
    const alpha = data[4 * i + 3]! / 255;
    for (let color = 0; color < 3; color++) {
      pixels[3 * i + color] = Math.round(data[4 * i + color]! * alpha);
    }
  }
  return { width, height, pixels };
}
