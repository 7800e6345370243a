import fc from "fast-check";
import sharp, { type Sharp } from "sharp";
import { describe, expect, it } from "vitest";
import { decodeImage } from "./decode.js";
import { decodeSmallImage } from "./small-image.js";

/** What `decodeImage` makes of larger files. */
async function decodeByLibvips(file: Uint8Array): Promise<number[]> {
  const decoder = sharp(file, { ignoreIcc: true }).flatten({ background: "#fff" });
  return [...(await decoder.toColourspace("srgb").raw({ depth: "uchar" }).toBuffer())];
}

type Encode = (image: Sharp) => Sharp;
const encodings: readonly (readonly [string, "png" | "webp", Encode])[] = [
  ["PNG", "png", (image) => image.png()],
  ["interlaced PNG", "png", (image) => image.png({ progressive: true })],
  ["PNG with a palette", "png", (image) => image.png({ palette: true, colours: 11 })],
  ["PNG of two colors", "png", (image) => image.png({ palette: true, colours: 2 })],
  ["lossless WebP", "webp", (image) => image.webp({ lossless: true })],
  ["lossy WebP", "webp", (image) => image.webp({ quality: 60, alphaQuality: 40 })],
];

describe("decodeSmallImage", () => {
  it.each(encodings)("decodes %s to the bits of libvips", async (_, type, encode) => {
    const side = fc.integer({ min: 1, max: 40 });
    const channels = fc.constantFrom(1, 2, 3, 4);
    const property = fc.asyncProperty(side, side, channels, fc.nat(), async (w, h, count, seed) => {
      const bytes = Uint8Array.from({ length: w * h * count }, (_, at) =>
        Math.round(127 + 90 * Math.sin(seed + at / 9) + (((at + seed) * 7919) % 37)),
      );
      const image = sharp(bytes, { raw: { width: w, height: h, channels: count } });
      const file = await encode(count < 3 ? image.toColourspace("b-w") : image).toBuffer();
      const small = await decodeSmallImage(file, type, 1600);
      expect([small?.width, small?.height]).toEqual([w, h]);
      expect([...small!.pixels]).toEqual(await decodeByLibvips(file));
    });
    await fc.assert(property, { numRuns: 12 });
  });

  const created = { width: 20, height: 10, channels: 4, background: "#ff000080" } as const;
  const image = sharp({ create: created });

  it.each([
    [
      "an orientation",
      image
        .clone()
        .withExif({ IFD0: { Orientation: "6" } })
        .webp(),
      "webp",
    ],
    ["an orientation", image.clone().withMetadata({ orientation: 6 }).png(), "png"],
    ["16 bits", image.clone().toColourspace("rgb16").png(), "png"],
    ["more pixels than the caller accepts", image.clone().resize(40, 41).png(), "png"],
    ["more pixels than it is faster for", image.clone().resize(300, 300).webp(), "webp"],
  ] as const)("leaves a file with %s to libvips", async (_, encoded, type) => {
    const file = await encoded.toBuffer();
    expect(await decodeSmallImage(file, type, type === "png" ? 1600 : 1e8)).toBeUndefined();
  });

  it("leaves damaged files to libvips, which says what is wrong", async () => {
    for (const type of ["png", "webp"] as const) {
      const whole = await image.clone().toFormat(type).toBuffer();
      for (let length = 0; length < whole.length; length += 5)
        expect(await decodeSmallImage(whole.subarray(0, length), type, 1e8)).toBeUndefined();
    }
    const png = await image.clone().png().toBuffer();
    const damaged = png.indexOf("IDAT") + 10;
    png.writeUInt8(png.readUInt8(damaged) ^ 0xff, damaged);
    expect(await decodeSmallImage(png, "png", 1e8)).toBeUndefined();
    await expect(decodeImage(png)).rejects.toMatchObject({ reason: "damaged" });
  });
});
