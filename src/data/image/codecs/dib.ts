/** The colors of device-independent bitmaps. */

/** What the header of a bitmap says. */
export interface Dib {
  readonly width: number;
  readonly height: number;
  /** Whether the first row is the top one; else it is the last. */
  readonly isTopDown: boolean;
  /** Bits of a pixel. */
  readonly bits: number;
  /** Whether pixels are packed in runs. */
  readonly isPacked: boolean;
  /** The bits of red, green and blue, where pixels are colors. */
  readonly masks: readonly [number, number, number];
  /** Red, green and blue of each color, where pixels are numbers of colors: [N, 3]. */
  readonly palette: Uint8Array;
  /** Where header and palette end. */
  readonly contents: number;
}

/** That of OS/2: sizes of 16 bits, and colors without a fourth byte. */
const shortHeader = 12;
const usualHeader = 40;
const compressions = { none: 0, runsOf8: 1, runsOf4: 2, masks: 3, fourMasks: 6 } as const;
const usualMasks = { 16: [0x7c00, 0x3e0, 0x1f] } as const;
const colorMasks = [0xff0000, 0xff00, 0xff] as const;

/** Reads the header and the palette at the beginning of `bytes`. Throws if it is damaged or of a kind that is not read. */
export function dibOf(bytes: Buffer): Dib {
  const headerBytes = bytes.readUInt32LE(0);
  const isShort = headerBytes === shortHeader;
  const height = isShort ? bytes.readUInt16LE(6) : bytes.readInt32LE(8);
  const bits = bytes.readUInt16LE(isShort ? 10 : 14);
  const compression = isShort ? compressions.none : bytes.readUInt32LE(16);
  const { none, runsOf8, runsOf4, masks, fourMasks } = compressions;
  const bitsOf: Readonly<Record<number, readonly number[]>> = {
    ...{ [none]: [1, 4, 8, 16, 24, 32], [runsOf8]: [8], [runsOf4]: [4] },
    ...{ [masks]: [16, 32], [fourMasks]: [16, 32] },
  };
  if (bitsOf[compression]?.includes(bits) !== true)
    throw new Error(`bitmaps of ${bits} bits with compression ${compression} are not read`);
  const hasMasks = compression === masks || compression === fourMasks;
  const added = hasMasks && headerBytes === usualHeader ? (compression === masks ? 12 : 16) : 0;
  const colors = (isShort ? 0 : bytes.readUInt32LE(32)) || (bits <= 8 ? 1 << bits : 0);
  const colorBytes = isShort ? 3 : 4;
  const start = headerBytes + added;
  return {
    width: isShort ? bytes.readUInt16LE(4) : bytes.readInt32LE(4),
    height: Math.abs(height),
    isTopDown: height < 0,
    bits,
    isPacked: compression === runsOf8 || compression === runsOf4,
    masks: hasMasks
      ? [bytes.readUInt32LE(40), bytes.readUInt32LE(44), bytes.readUInt32LE(48)]
      : bits === 16
        ? usualMasks[16]
        : colorMasks,
    palette:
      bits <= 8
        ? paletteOf(bytes.subarray(start), Math.min(colors, 256), colorBytes)
        : new Uint8Array(),
    contents: start + colors * colorBytes,
  };
}

function paletteOf(bytes: Buffer, colors: number, colorBytes: number): Uint8Array {
  return Uint8Array.from({ length: 3 * colors }, (_, index) =>
    bytes.readUInt8(Math.floor(index / 3) * colorBytes + 2 - (index % 3)),
  );
}

/** The pixels of a bitmap, [H, W, 3], which are stored from `start` on. Throws if they are cut off. */
export function pixelsOf(bytes: Buffer, dib: Dib, start: number): Uint8Array {
  const { width, height, bits, isTopDown, isPacked, palette } = dib;
  const [stored, at, storedBits] = isPacked
    ? ([unpacked(bytes, start, dib), 0, 8] as const)
    : ([bytes, start, bits] as const);
  const rowBytes = isPacked ? width : 4 * Math.ceil((bits * width) / 32);
  const valueAt = readers[storedBits]!;
  const channels = dib.masks.map(channelOf);
  const pixels = new Uint8Array(3 * width * height);
  let to = 0;
  for (let y = 0; y < height; y++) {
    const row = at + rowBytes * (isTopDown ? y : height - 1 - y);
    for (let x = 0; x < width; x++) {
      const value = valueAt(stored, row, x);
      for (let color = 0; color < 3; color++)
        pixels[to++] = bits <= 8 ? palette[3 * value + color]! : channels[color]!(value);
    }
  }
  return pixels;
}

/** Pixel `x` of a row, by bits. */
const readers: Readonly<Record<number, (bytes: Buffer, row: number, x: number) => number>> = {
  1: (bytes, row, x) => (bytes.readUInt8(row + (x >> 3)) >> (7 - (x & 7))) & 1,
  4: (bytes, row, x) => (bytes.readUInt8(row + (x >> 1)) >> (x & 1 ? 0 : 4)) & 15,
  8: (bytes, row, x) => bytes.readUInt8(row + x),
  16: (bytes, row, x) => bytes.readUInt16LE(row + 2 * x),
  24: (bytes, row, x) => bytes.readUIntLE(row + 3 * x, 3),
  32: (bytes, row, x) => bytes.readUInt32LE(row + 4 * x),
};

/** The part of a pixel under a mask, scaled to 255. */
function channelOf(mask: number): (value: number) => number {
  if (mask === 0) return () => 0;
  const shift = 31 - Math.clz32(mask & -mask);
  const most = mask >>> shift;
  return (value) => Math.floor((((value & mask) >>> shift) * 255) / most);
}

/** The numbers of colors that are packed in runs, [H, W] as stored; those that are left out are 0. */
function unpacked(bytes: Buffer, start: number, { width, height, bits }: Dib): Buffer {
  const found = Buffer.alloc(width * height);
  let [at, x, y] = [start, 0, 0];
  const next = (): number => bytes.readUInt8(at++);
  /** Pixel `index` of a run of bytes: one of each, or two. */
  const put = (byte: number, index: number): void => {
    const value = bits === 8 ? byte : (byte >> (index % 2 === 0 ? 4 : 0)) & 15;
    if (x < width && y < height) found[y * width + x] = value;
    x++;
  };
  while (y < height) {
    const [count, code] = [next(), next()];
    if (count > 0) for (let index = 0; index < count; index++) put(code, index);
    else if (code === 0) [x, y] = [0, y + 1];
    else if (code === 1) break;
    else if (code === 2) [x, y] = [x + next(), y + next()];
    else {
      const used = bits === 8 ? code : Math.ceil(code / 2);
      for (let index = 0; index < code; index++)
        put(bytes.readUInt8(at + (bits === 8 ? index : index >> 1)), index);
      at += used + (used % 2);
    }
  }
  return found;
}
