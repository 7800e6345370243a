/** Windows bitmaps: a file header and a device-independent bitmap (DIB), which icons also contain. */
import { decode } from "bmp-ts";
import type { Decode, RawImage } from "./raw-image.js";

const fileHeaderBytes = 14;

/** Ignores alpha, which is rarely intentional in bitmaps. */
export const decodeBmp: Decode = (file, requireSize) => {
  requireSize(file.readUInt32LE(18), Math.abs(file.readInt32LE(22)));
  const { width, height, data } = decode(file, { toRGBA: true });
  const pixels = new Uint8Array(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel++)
    pixels.set(data.subarray(4 * pixel, 4 * pixel + 3), 3 * pixel);
  return { width, height, channels: 3, pixels };
};

/** Decodes the DIB of an icon, whose height includes a one-bit transparency mask below the colors. */
export const decodeIconDib: Decode = (dib, requireSize) => {
  const [headerBytes, width, height] = [
    dib.readUInt32LE(0),
    dib.readUInt32LE(4),
    dib.readInt32LE(8) / 2,
  ];
  requireSize(width, height);
  const bits = dib.readUInt16LE(14);
  const colors = dib.readUInt32LE(32) || (bits <= 8 ? 1 << bits : 0);
  const contents = headerBytes + 4 * colors;
  const header = Buffer.alloc(fileHeaderBytes);
  header.write("BM");
  header.writeUInt32LE(fileHeaderBytes + dib.length, 2);
  header.writeUInt32LE(fileHeaderBytes + contents, 10);
  const colored = Buffer.concat([header, dib]);
  colored.writeInt32LE(height, fileHeaderBytes + 8);
  const rgb = decodeBmp(colored, requireSize);
  const rowBytes = 4 * Math.ceil((bits * width) / 32);
  const opacity = bits === 32 ? opacityOf(dib, contents, rgb) : undefined;
  const mask = maskOf(dib, contents + rowBytes * height, rgb);
  return withOpacity(rgb, opacity?.some((value) => value > 0) ? opacity : mask);
};

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
