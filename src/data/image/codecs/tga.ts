/** Truevision TGA: gray, palette or color, uncompressed or run-length encoded. */
import type { Decode } from "./raw-image.js";

const headerBytes = 18;

/** Whether a file can be a TGA. There is no signature, so every header field must be plausible. */
export function canBeTga(file: Uint8Array): boolean {
  if (file.length <= headerBytes) return false;
  const [mapKind, kind, mapBits, bits] = [file[1]!, file[2]!, file[7]!, file[16]!];
  const [width, height] = [file[12]! + 256 * file[13]!, file[14]! + 256 * file[15]!];
  const isGray = kind === 3 || kind === 11;
  const isMapped = kind === 1 || kind === 9;
  const isColor = kind === 2 || kind === 10;
  const bitsFit = isColor ? [15, 16, 24, 32].includes(bits) : bits === 8;
  const mapFits = isMapped ? mapKind === 1 && [15, 16, 24, 32].includes(mapBits) : mapKind <= 1;
  return (isGray || isMapped || isColor) && bitsFit && mapFits && width > 0 && height > 0;
}

/** Ignores alpha, which is rarely intentional in TGA files. */
export const decodeTga: Decode = (file, requireSize) => {
  const [mapFirst, mapLength] = [file.readUInt16LE(3), file.readUInt16LE(5)];
  const mapBytes = Math.ceil(file.readUInt8(7) / 8);
  const kind = file.readUInt8(2);
  const [width, height] = [file.readUInt16LE(12), file.readUInt16LE(14)];
  requireSize(width, height);
  const bytes = Math.ceil(file.readUInt8(16) / 8);
  const orientation = file.readUInt8(17);
  const mapStart = headerBytes + file.readUInt8(0);
  const next = pixelReader(file, mapStart + mapLength * mapBytes, bytes, kind >= 9);
  const colorAt = (at: number): Color => {
    if (kind === 3 || kind === 11) return gray(file.readUInt8(at));
    if (kind === 2 || kind === 10) return colorOf(file, at, bytes);
    const index = file.readUInt8(at) - mapFirst;
    if (index < 0 || index >= mapLength) throw new Error(`a color ${index} of ${mapLength}`);
    return colorOf(file, mapStart + index * mapBytes, mapBytes);
  };
  const pixels = new Uint8Array(width * height * 3);
  for (let row = 0; row < height; row++) {
    const y = orientation & 0x20 ? row : height - 1 - row;
    for (let column = 0; column < width; column++) {
      const x = orientation & 0x10 ? width - 1 - column : column;
      pixels.set(colorAt(next()), 3 * (y * width + x));
    }
  }
  return { width, height, channels: 3, pixels };
};

type Color = readonly [red: number, green: number, blue: number];

const gray = (value: number): Color => [value, value, value];

/** Blue, green and red, in a byte or five bits each. */
function colorOf(file: Buffer, at: number, bytes: number): Color {
  if (bytes > 2) return [file.readUInt8(at + 2), file.readUInt8(at + 1), file.readUInt8(at)];
  const value = file.readUInt16LE(at);
  const [red, green, blue] = [10, 5, 0].map((shift) =>
    Math.round((((value >> shift) & 31) * 255) / 31),
  );
  return [red!, green!, blue!];
}

/** Each call returns the offset of the next pixel. A run is one repeated pixel or several literal ones. */
function pixelReader(file: Buffer, start: number, bytes: number, hasRuns: boolean): () => number {
  let at = start - bytes;
  let left = 0;
  let repeats = false;
  return () => {
    if (hasRuns && left === 0) {
      const packet = file.readUInt8(at + bytes);
      repeats = packet >= 128;
      left = (packet & 127) + 1;
      at += bytes + 1;
    } else if (!repeats) at += bytes;
    left--;
    return at;
  };
}
