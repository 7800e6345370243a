import type { Image } from "../data/image/image.js";

/** What a canvas gives (`getImageData`): 8-bit sRGB with alpha. */
export interface CanvasPixels {
  /** In pixels: W. */
  readonly width: number;
  /** In pixels: H. */
  readonly height: number;
  /** [H, W, 4] */
  readonly data: ArrayLike<number>;
}

/** An image: the `ImageData` of a canvas, or RGB pixels. */
export type BrowserImage = CanvasPixels | Image;

/** The image without alpha, blended with white, as `decodeImage` does in Node. */
export function toImage(image: BrowserImage): Image {
  if ("pixels" in image) {
    requireNumbers("An image in RGB", image, 3, image.pixels);
    return image;
  }
  const { width, height, data } = image;
  requireNumbers("An ImageData", image, 4, data);
  const pixels = new Uint8Array(3 * width * height);
  for (let i = 0; i < width * height; i++) {
    const alpha = data[4 * i + 3]! / 255;
    for (let color = 0; color < 3; color++) {
      pixels[3 * i + color] = Math.round(data[4 * i + color]! * alpha + 255 * (1 - alpha));
    }
  }
  return { width, height, pixels };
}

/** @throws RangeError unless there are so many numbers for `each` pixel */
function requireNumbers(
  kind: string,
  { width, height }: Pick<Image, "width" | "height">,
  each: number,
  { length }: ArrayLike<number>,
): void {
  const count = each * width * height;
  if (length === count) return;
  throw new RangeError(`${kind} of ${width} x ${height} has ${count} numbers, not ${length}.`);
}

/** The part of a browser's interface in use: TypeScript's types for Node lack it. */
interface Bitmap {
  readonly width: number;
  readonly height: number;
  close(): void;
}

interface Canvas {
  getContext(kind: "2d"): {
    fillStyle: string;
    fillRect(x: number, y: number, width: number, height: number): void;
    imageSmoothingQuality: "high";
    drawImage(bitmap: Bitmap, x: number, y: number, width: number, height: number): void;
    getImageData(x: number, y: number, width: number, height: number): CanvasPixels;
  };
}

const browser = globalThis as unknown as {
  createImageBitmap(
    file: Blob,
    options: { readonly colorSpaceConversion: "none" },
  ): Promise<Bitmap>;
  readonly OffscreenCanvas: new (width: number, height: number) => Canvas;
};

/** How large a decoded image may be. */
export interface DecodeFileOptions {
  /** Larger images are shrunk to this many pixels along their longer side, by the browser; default: none are. */
  readonly longestSide?: number;
}

/**
 * Decodes an image file, of the formats that the browser knows, at its own size. As in Node, color profiles are ignored,
 * and transparent pixels are blended with white. Works in pages and workers.
 *
 * @throws DOMException if the browser cannot decode it
 */
export async function decodeFile(
  file: Blob,
  { longestSide = Infinity }: DecodeFileOptions = {},
): Promise<Image> {
  const bitmap = await browser.createImageBitmap(file, { colorSpaceConversion: "none" });
  const scale = Math.min(1, longestSide / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [bitmap.width, bitmap.height].map((side) =>
    Math.max(1, Math.round(scale * side)),
  ) as [number, number];
  const context = new browser.OffscreenCanvas(width, height).getContext("2d");
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  return toImage(context.getImageData(0, 0, width, height));
}
