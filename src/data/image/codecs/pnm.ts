/** Netpbm formats PBM, PGM and PPM, as text (P1 to P3) or bytes (P4 to P6). */
import type { Decode } from "./raw-image.js";

export const decodePnm: Decode = (file, requireSize) => {
  const reader = new PnmReader(file);
  const kind = file.readUInt8(1) - 0x30;
  const isBitmap = kind === 1 || kind === 4;
  const channels = kind === 3 || kind === 6 ? 3 : 1;
  const [width, height] = [reader.number(), reader.number()];
  requireSize(width, height);
  const most = isBitmap ? 1 : reader.number();
  if (!(width > 0 && height > 0 && most > 0 && most < 65536))
    throw new Error(`a header of ${width} x ${height} pixels up to ${most}`);
  const rowValues = width * channels;
  if (kind === 6 && most === 255) {
    const start = reader.contents();
    const pixels = file.subarray(start, start + width * height * 3);
    if (pixels.length < width * height * 3) throw new Error("it ends too early");
    return { width, height, channels: 3, pixels };
  }
  const row =
    kind <= 3
      ? () => Array.from({ length: rowValues }, () => (isBitmap ? reader.digit() : reader.number()))
      : rowsOfBytes(file, reader.contents(), rowValues, isBitmap ? 1 : most < 256 ? 8 : 16);
  const pixels = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (const [index, value] of row().entries()) {
      if (value > most) throw new Error(`a value of ${value}, more than ${most}`);
      const shade = Math.round((255 * (isBitmap ? 1 - value : value)) / most);
      const at = y * width * 3 + (channels === 3 ? index : 3 * index);
      pixels.fill(shade, at, at + (channels === 3 ? 1 : 3));
    }
  }
  return { width, height, channels: 3, pixels };
};

/** Each call returns the values of the next row. */
function rowsOfBytes(
  file: Buffer,
  start: number,
  values: number,
  bits: 1 | 8 | 16,
): () => number[] {
  const rowBytes = Math.ceil((values * bits) / 8);
  let at = start - rowBytes;
  return () => {
    at += rowBytes;
    return Array.from({ length: values }, (_, index) => {
      if (bits === 16) return file.readUInt16BE(at + 2 * index);
      if (bits === 8) return file.readUInt8(at + index);
      return (file.readUInt8(at + (index >> 3)) >> (7 - (index & 7))) & 1;
    });
  };
}

/** Reads numbers from text, skipping spaces and comments ("#" to the end of the line). */
class PnmReader {
  #at = 2;

  constructor(private readonly file: Buffer) {}

  number(): number {
    this.#skipSpace();
    const start = this.#at;
    while (isDigit(this.file[this.#at])) this.#at++;
    if (this.#at === start || this.#at - start > 9) throw new Error(`no number at byte ${start}`);
    return Number(this.file.toString("latin1", start, this.#at));
  }

  /** Reads a one-digit number; P1 does not require spaces between them. */
  digit(): number {
    this.#skipSpace();
    const byte = this.file[this.#at++];
    if (!isDigit(byte)) throw new Error(`no digit at byte ${this.#at - 1}`);
    return byte! - 0x30;
  }

  /** The offset of the binary data, after a single space. */
  contents(): number {
    return this.#at + 1;
  }

  #skipSpace(): void {
    for (;;) {
      const byte = this.file[this.#at];
      if (byte === 0x23) {
        const end = this.file.indexOf(0x0a, this.#at);
        this.#at = end < 0 ? this.file.length : end;
      } else if (byte === 0x20 || (byte !== undefined && byte >= 9 && byte <= 13)) this.#at++;
      else return;
    }
  }
}

const isDigit = (byte: number | undefined): boolean =>
  byte !== undefined && byte >= 0x30 && byte <= 0x39;

/** An image file (PGM or PPM) of raw pixels, `[H, W]` if gray, else `[H, W, 3]`. */
export function encodePnm(
  width: number,
  height: number,
  channels: 1 | 3,
  pixels: Uint8Array,
): Buffer {
  const header = `P${channels === 1 ? 5 : 6}\n${width} ${height}\n255\n`;
  return Buffer.concat([Buffer.from(header), pixels]);
}

/** Pixels stored color by color, `[3, H, W]`, as `[H, W, 3]`. */
export function interleaved(planes: Uint8Array): Uint8Array {
  const area = planes.length / 3;
  return Uint8Array.from(planes, (_, index) => planes[(index % 3) * area + Math.floor(index / 3)]!);
}
