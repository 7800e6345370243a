/**
 * Small PNG and WebP files. libvips needs about a millisecond for any image, most of the time it takes to prepare an
 * icon; these decoders in WebAssembly need a tenth of that for 80 x 80 pixels, and give the same bits.
 */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { crc32 } from "node:zlib";
import type { Image } from "./image.js";

/** For larger PNGs libvips is faster, and for larger WebPs it keeps the calling thread free. */
const mostPixels = 128 * 128;

type SmallType = "png" | "webp";
type Size = readonly [width: number, height: number];
/** `data` is `[H, W, 4]`: RGB and opacity. */
type Decoded = { readonly width: number; readonly height: number; readonly data: Uint8Array };
type Decode = (file: Uint8Array<ArrayBuffer>) => Promise<Decoded>;

/**
 * Decodes a small PNG or WebP to what libvips makes of it, transparent pixels blended with white. Undefined for a file that is
 * larger, damaged, or more than its pixels (an orientation, frames, 16 bits).
 * @param maxPixels the caller's limit
 */
export async function decodeSmallImage(
  file: Uint8Array,
  type: SmallType,
  maxPixels: number,
): Promise<Image | undefined> {
  const size = plainSize[type](Buffer.from(file.buffer, file.byteOffset, file.byteLength));
  if (size === undefined || size[0] * size[1] > Math.min(mostPixels, maxPixels)) return undefined;
  try {
    const decode = await (decoders[type] ??= openDecoder[type]());
    return onWhite(await decode(new Uint8Array(file)));
  } catch {
    return undefined;
  }
}

/** The size in the header of a file that is whole and holds one image of at most 8 bits. */
const plainSize: Readonly<Record<SmallType, (file: Buffer) => Size | undefined>> = {
  png(file) {
    if (file.length < 33 || file.readUInt8(24) > 8) return undefined;
    let [at, name] = [8, ""];
    while (at + 12 <= file.length) {
      const end = at + 8 + file.readUInt32BE(at);
      name = file.toString("latin1", at + 4, at + 8);
      if (name === "eXIf" || name === "acTL" || end + 4 > file.length) return undefined;
      // The decoder itself ignores checksums.
      if (crc32(file.subarray(at + 4, end)) !== file.readUInt32BE(end)) return undefined;
      at = end + 4;
    }
    if (name !== "IEND" || at !== file.length) return undefined;
    return [file.readUInt32BE(16), file.readUInt32BE(20)];
  },

  webp(file) {
    if (file.length < 30 || file.readUInt32LE(4) + 8 !== file.length) return undefined;
    const kind = file.toString("latin1", 12, 16);
    if (kind === "VP8 ") return [file.readUInt16LE(26) & 0x3fff, file.readUInt16LE(28) & 0x3fff];
    if (kind === "VP8L") {
      const bits = file.readUInt32LE(21);
      return [(bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1];
    }
    const [animated, exif] = [2, 8];
    if (kind !== "VP8X" || file.readUInt8(20) & (animated | exif)) return undefined;
    return [file.readUIntLE(24, 3) + 1, file.readUIntLE(27, 3) + 1];
  },
};

const decoders: Partial<Record<SmallType, Promise<Decode>>> = {};

/** Rejects in a bundle without the packages' files; libvips then decodes everything. */
const openDecoder: Readonly<Record<SmallType, () => Promise<Decode>>> = {
  async png() {
    const { default: decode, init } = await import("@jsquash/png/decode.js");
    await init(await readPackageFile("@jsquash/png/codec/pkg/squoosh_png_bg.wasm"));
    return (file) => decode(file.buffer);
  },
  async webp() {
    const { default: decode, init } = await import("@jsquash/webp/decode.js");
    const wasmBinary = await readPackageFile("@jsquash/webp/codec/dec/webp_dec.wasm");
    await init({ wasmBinary });
    return (file) => decode(file.buffer);
  },
};

function readPackageFile(path: string): Promise<Buffer<ArrayBuffer>> {
  return readFile(createRequire(import.meta.url).resolve(path));
}

/** Rounds down, as libvips does. */
function onWhite({ width, height, data }: Decoded): Image {
  const pixels = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; to < pixels.length; from += 4, to += 3) {
    const opacity = data[from + 3]!;
    const white = 255 * (255 - opacity);
    for (let color = 0; color < 3; color++)
      pixels[to + color] = Math.floor((data[from + color]! * opacity + white) / 255);
  }
  return { width, height, pixels };
}
