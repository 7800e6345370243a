/** Icons: one image in several sizes, each a PNG file or a bitmap. */

/** The PNG file or DIB (see bmp.ts) of the largest image in an icon. Throws if the icon is damaged. */
export function largestIcon(file: Buffer): Buffer {
  const count = file.readUInt16LE(4);
  const entries = Array.from({ length: count }, (_, index) => {
    const at = 6 + 16 * index;
    const width = file.readUInt8(at) || 256; // 0 means 256
    const bits = file.readUInt16LE(at + 6);
    return { width, bits, bytes: file.readUInt32LE(at + 8), start: file.readUInt32LE(at + 12) };
  });
  entries.sort((a, b) => b.width - a.width || b.bits - a.bits);
  const { start, bytes } = entries[0]!;
  if (bytes === 0 || start + bytes > file.length)
    throw new Error(`its largest image is not within the ${file.length} bytes of the file`);
  return file.subarray(start, start + bytes);
}
