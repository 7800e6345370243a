import fc from "fast-check";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { decodeImage } from "../decode.js";

/** Two rows of three pixels: red, green, blue; black, gray, white. */
const rgb = [...[255, 0, 0, 0, 255, 0, 0, 0, 255], ...[0, 0, 0, 128, 128, 128, 255, 255, 255]];
const gray = [0, 51, 102, 153, 204, 255];
const spread = (values: readonly number[]): number[] => values.flatMap((one) => [one, one, one]);
const ascii = (text: string, ...bytes: number[]): Buffer =>
  Buffer.concat([Buffer.from(text, "latin1"), Buffer.from(bytes)]);
const bgr = (pixels: readonly number[], extra: readonly number[] = []): number[] =>
  Array.from({ length: pixels.length / 3 }, (_, index) => [
    ...pixels.slice(3 * index, 3 * index + 3).reverse(),
    ...extra,
  ]).flat();
const upsideDown = (pixels: readonly number[]): number[] => [
  ...pixels.slice(9),
  ...pixels.slice(0, 9),
];

function tga(kind: number, bits: number, contents: readonly number[], orientation = 0x20): Buffer {
  const isMapped = kind === 1 || kind === 9;
  const map = isMapped ? [1, kind, 0, 0, 6, 0, 24] : [0, kind, 0, 0, 0, 0, 0];
  return Buffer.from([2, ...map, 0, 0, 0, 0, 3, 0, 2, 0, bits, orientation, 7, 7, ...contents]);
}

/** A bitmap of three by two pixels; `after` follows its header of 40 bytes. */
function bmp(
  bits: number,
  data: readonly number[],
  after: readonly number[] = [],
  compression = 0,
): Buffer {
  const head = Buffer.alloc(54);
  head.write("BM");
  for (const [at, value] of [
    ...([
      [10, 54 + after.length],
      [14, 40],
      [18, 3],
      [22, 2],
    ] as const),
    ...([
      [30, compression],
      [46, bits <= 8 ? after.length / 4 : 0],
    ] as const),
  ])
    head.writeUInt32LE(value, at);
  head.writeUInt16LE(1, 26);
  head.writeUInt16LE(bits, 28);
  return Buffer.concat([head, Buffer.from([...after, ...data])]);
}
/** Rows from the bottom, filled up to four bytes. */
const rows = (top: readonly number[], bottom: readonly number[]): number[] =>
  [bottom, top].flatMap((row) => [...row, ...Array<number>((4 - (row.length % 4)) % 4).fill(7)]);
const palette = bgr(rgb, [0]);
const five = (red: number, green: number, blue: number): number[] => {
  const value = (red << 11) | (green << 5) | blue;
  return [value & 255, value >> 8];
};

/** An icon with 24-bit colors and a mask that hides the last pixel. */
function icon(): Buffer {
  const dib = Buffer.alloc(40);
  for (const [at, value] of [
    [0, 40],
    [4, 3],
    [8, 4],
  ] as const)
    dib.writeUInt32LE(value, at);
  dib.writeUInt16LE(1, 12);
  dib.writeUInt16LE(24, 14);
  const rows = [rgb.slice(9), rgb.slice(0, 9)].flatMap((row) => [...bgr(row), 0, 0, 0]);
  const mask = [0b00100000, 0, 0, 0, 0, 0, 0, 0];
  const image = Buffer.concat([dib, Buffer.from([...rows, ...mask])]);
  const entry = Buffer.from([3, 2, 0, 0, 1, 0, 24, 0, image.length, 0, 0, 0, 22, 0, 0, 0]);
  return Buffer.concat([Buffer.from([0, 0, 1, 0, 1, 0]), entry, image]);
}

const files: [string, Buffer, number[]][] = [
  ["PPM", ascii("P6 3 2 255\n", ...rgb), rgb],
  ["PPM in text, with comments", ascii(`P3\n# a\n3 2 # b\n255\n${rgb.join(" ")}`), rgb],
  ["PGM up to 5", ascii("P5\n3 2\n5\n", 0, 1, 2, 3, 4, 5), spread(gray)],
  ["PGM of 16 bits", ascii("P5\n3 2\n65535\n", ...gray.flatMap((one) => [one, one])), spread(gray)],
  ["PBM", ascii("P4\n3 2\n", 0b10100000, 0b01000000), spread([0, 255, 0, 255, 0, 255])],
  ["PBM in text", ascii("P1\n3 2\n101\n010\n"), spread([0, 255, 0, 255, 0, 255])],
  ["TGA", tga(2, 24, bgr(rgb)), rgb],
  ["TGA from the bottom", tga(2, 32, bgr(upsideDown(rgb), [0]), 0), rgb],
  [
    "TGA in runs",
    tga(10, 24, [0x02, ...bgr(rgb.slice(0, 9)), 0x82, 9, 9, 9]),
    [...rgb.slice(0, 9), ...spread([9, 9, 9])],
  ],
  ["TGA in gray", tga(3, 8, gray), spread(gray)],
  ["TGA with a palette", tga(1, 8, [...bgr(rgb), 5, 4, 3, 2, 1, 0]), bgr([...rgb].reverse())],
  ["BMP", bmp(24, rows(bgr(rgb.slice(0, 9)), bgr(rgb.slice(9)))), rgb],
  ["BMP of 32 bits", bmp(32, rows(bgr(rgb.slice(0, 9), [9]), bgr(rgb.slice(9), [9]))), rgb],
  ["BMP with a palette", bmp(8, rows([0, 1, 2], [3, 4, 5]), palette), rgb],
  ["BMP of 16 colors", bmp(4, rows([0x01, 0x20], [0x34, 0x50]), palette), rgb],
  [
    "BMP of two colors",
    bmp(1, rows([0b10100000], [0b01000000]), [...[0, 0, 0, 0], ...[255, 255, 255, 0]]),
    spread([255, 0, 255, 0, 255, 0]),
  ],
  [
    "BMP in runs",
    bmp(8, [...[0, 3, 3, 4, 5, 0], ...[0, 0, 1, 0, 2, 1, 0, 1]], palette, 1),
    [...rgb.slice(0, 3), ...rgb.slice(3, 6), ...rgb.slice(3, 6), ...rgb.slice(9)],
  ],
  [
    "BMP with masks of 16 bits",
    bmp(
      16,
      rows(
        [...five(31, 0, 0), ...five(0, 63, 0), ...five(0, 0, 31)],
        [...five(0, 0, 0), ...five(16, 32, 16), ...five(31, 63, 31)],
      ),
      [...[0, 0xf8, 0, 0], ...[0xe0, 7, 0, 0], ...[0x1f, 0, 0, 0]],
      3,
    ),
    [...rgb.slice(0, 12), ...[131, 129, 131], ...rgb.slice(15)],
  ],
  ["ICO, a hidden pixel over white", icon(), [...rgb.slice(0, 15), 255, 255, 255]],
];

describe("codecs", () => {
  it.each(files)("%s", async (_, file, expected) => {
    const { width, height, pixels } = await decodeImage(file);
    expect([width, height, [...pixels]]).toEqual([3, 2, expected]);
  });

  it("take the largest image of an icon", async () => {
    const png = (size: number): Promise<Buffer> =>
      sharp({ create: { width: size, height: size, channels: 3, background: "#f00" } })
        .png()
        .toBuffer();
    const images = [await png(4), await png(8)];
    const head = Buffer.from([0, 0, 1, 0, 2, 0]);
    const entries = images.map((image, index) => {
      const entry = Buffer.from([4 * (index + 1), 4 * (index + 1), 0, 0, 1, 0, 32, 0]);
      const place = Buffer.alloc(8);
      place.writeUInt32LE(image.length, 0);
      place.writeUInt32LE(38 + (index ? images[0]!.length : 0), 4);
      return Buffer.concat([entry, place]);
    });
    const { width, pixels } = await decodeImage(Buffer.concat([head, ...entries, ...images]));
    expect([width, [...pixels.subarray(0, 3)]]).toEqual([8, [255, 0, 0]]);
  });

  it("refuse what is too large, and survive damage", async () => {
    const huge = ascii("P6 60000 60000 255\n");
    await expect(decodeImage(huge)).rejects.toMatchObject({ reason: "too large" });
    const damage = fc.tuple(
      fc.constantFrom(...files.map(([, file]) => file)),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
    );
    await fc.assert(
      fc.asyncProperty(damage, async ([file, changes, length]) => {
        const copy = Buffer.from(file.subarray(0, Math.ceil(length * file.length)));
        for (const [at, value] of changes) copy[at % Math.max(1, copy.length)] = value;
        const outcome = decodeImage(copy, { maxPixels: 1e4 });
        await outcome.then(
          ({ width, height, pixels }) => expect(pixels.length).toBe(3 * width * height),
          (error: unknown) => expect((error as Error).name).toBe("ImageError"),
        );
      }),
      { numRuns: 300 },
    );
  });
});
