/** Windows bitmaps: a file header and a device-independent bitmap (DIB), which icons also contain. */
import { type Dib, dibOf, pixelsOf } from "./dib.js";
import type { Decode, RawImage } from "./raw-image.js";

const fileHeaderBytes = 14;

/** Ignores alpha, which is rarely intentional in bitmaps. */
export const decodeBmp: Decode = (file, requireSize) => {
  const bytes = file.subarray(fileHeaderBytes);
  const dib = dibOf(bytes);
  requireSize(dib.width, dib.height);
  return rgbImage(bytes, dib, file.readUInt32LE(10) - fileHeaderBytes);
};

/** Decodes the DIB of an icon, whose height includes a one-bit transparency mask below the colors. */
export const decodeIconDib: Decode = (bytes, requireSize) => {
  const { height: both, ...rest } = dibOf(bytes);
  const dib = { ...rest, height: Math.floor(both / 2) };
  requireSize(dib.width, dib.height);
  const { bits, width, height, contents } = dib;
  const rgb = rgbImage(bytes, dib, contents);
  const rowBytes = 4 * Math.ceil((bits * width) / 32);
  const opacity = bits === 32 ? opacityOf(bytes, contents, rgb) : undefined;
  const mask = maskOf(bytes, contents + rowBytes * height, rgb);
  return withOpacity(rgb, opacity?.some((value) => value > 0) ? opacity : mask);
};

const rgbImage = (bytes: Buffer, dib: Dib, start: number): RawImage => ({
  ...{ width: dib.width, height: dib.height, channels: 3 },
  pixels: pixelsOf(bytes, dib, start),
});

/** The fourth byte of every pixel; rows are stored bottom-up. */
function opacityOf(dib: Buffer, start: number, { width, height }: RawImage): Uint8Array {
  return Uint8Array.from({ length: width * height }, (_, pixel) => {
    const row = height - 1 - Math.floor(pixel / width);
    return dib.readUInt8(start + 4 * (row * width + (pixel % width)) + 3);
  });
}

function maskOf(dib: Buffer, start: number, { width, height }: RawImage): Uint8Array {
  const rowBytes = 4 * Math.ceil(width / 32);
  return Uint8Array.from({ length: width * height }, (_, pixel) => {
    const [row, x] = [height - 1 - Math.floor(pixel / width), pixel % width];
    const byte = dib.readUInt8(start + row * rowBytes + (x >> 3));
    return (byte >> (7 - (x & 7))) & 1 ? 0 : 255;
  });
}

function withOpacity({ width, height, pixels }: RawImage, opacity: Uint8Array): RawImage {
  const four = new Uint8Array(width * height * 4);
  for (let pixel = 0; pixel < width * height; pixel++) {
    four.set(pixels.subarray(3 * pixel, 3 * pixel + 3), 4 * pixel);
    four[4 * pixel + 3] = opacity[pixel]!;
  }
  return { width, height, channels: 4, pixels: four };
}
