import fc from "fast-check";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { decodeImage } from "./decode.js";
import type { ImageError } from "./image-error.js";

const golden = join(import.meta.dirname, "../../../test/golden/images");
const read = (name: string): Uint8Array => new Uint8Array(readFileSync(join(golden, name)));
const text = (content: string): Uint8Array => new TextEncoder().encode(content);
const square =
  '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"><rect width="20" height="5"/></svg>';

describe("decodeImage", () => {
  it("returns rows of RGB pixels without alpha", async () => {
    const created = { width: 3, height: 2, channels: 4, background: "#ff000080" } as const;
    const file = await sharp({ create: created }).png().toBuffer();
    const { width, height, pixels } = await decodeImage(new Uint8Array(file));
    expect([width, height, pixels.length]).toEqual([3, 2, 18]);
    expect([...pixels.subarray(0, 3)]).toEqual([255, 127, 127]);
  });

  it("renders an SVG at its own or the requested size, on white", async () => {
    const own = await decodeImage(text(square));
    expect([own.width, own.height]).toEqual([20, 10]);
    const { width, height, pixels } = await decodeImage(text(square), { vectorSize: 300 });
    expect([width, height]).toEqual([300, 150]);
    expect([pixels[0], pixels.at(-1)]).toEqual([0, 255]);
  });

  it("converts from a color profile only on request", async () => {
    const created = { width: 1, height: 1, channels: 3, background: "#20e040" } as const;
    const file = await sharp({ create: created }).withIccProfile("p3").png().toBuffer();
    const raw = await sharp(file, { ignoreIcc: true }).raw().toBuffer();
    const kept = await decodeImage(new Uint8Array(file));
    const converted = await decodeImage(new Uint8Array(file), { applyProfile: true });
    expect([...kept.pixels]).toEqual([...raw]);
    expect([...converted.pixels]).not.toEqual([...raw]);
  });

  it.each([
    ["no bytes", new Uint8Array(), "empty"],
    ["text", text("not an image"), "unreadable"],
    ["a web page", text("<html><body>404</body></html>"), "unreadable"],
    ["half a JPEG", read("color.jpg").subarray(0, 1500), "damaged"],
    ["the beginning of a JPEG", read("color.jpg").subarray(0, 100), "damaged"],
    ["half a PNG", read("color.png").subarray(0, 2500), "damaged"],
    ["half a TIFF", read("color.tif").subarray(0, 3000), "damaged"],
    ["half a WebP", read("lossless.webp").subarray(0, 1500), "damaged"],
    ["half an AVIF", read("color.avif").subarray(0, 1000), "damaged"],
    ["half an SVG", text(square.slice(0, 80)), "damaged"],
  ])("refuses %s", async (_, file, reason) => {
    await expect(decodeImage(file)).rejects.toMatchObject({ name: "ImageError", reason });
  });

  it("refuses images that are too large before decoding them", async () => {
    // The header of a PNG of 40000 x 40000 pixels, without pixel data.
    const bomb = read("gray.png");
    const view = new DataView(bomb.buffer);
    view.setUint32(16, 40_000);
    view.setUint32(20, 40_000);
    const tooLarge = {
      reason: "too large",
      message: expect.stringContaining("40000 x 40000") as string,
    };
    await expect(decodeImage(withChecksum(bomb))).rejects.toMatchObject(tooLarge);
    const { width, height } = await decodeImage(read("gray.png"), { maxPixels: 61 * 43 });
    expect([width, height]).toEqual([61, 43]);
    await expect(decodeImage(read("gray.png"), { maxPixels: 61 * 43 - 1 })).rejects.toMatchObject({
      reason: "too large",
    });
    await expect(decodeImage(text(square), { vectorSize: 90_000 })).rejects.toMatchObject({
      reason: "too large",
    });
  });

  it("survives arbitrary bytes", async () => {
    const names = [
      "color.jpg",
      "color.png",
      "animated.gif",
      "color.tif",
      "lossy.webp",
      "color.avif",
    ];
    const files = [...names.map(read), text(square)];
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      fc
        .record({
          file: fc.constantFrom(...files),
          length: fc.double({ min: 0, max: 1, noNaN: true }),
          changes: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 8 }),
        })
        .map(({ file, length, changes }) => {
          const damaged = file.slice(0, Math.ceil(length * file.length));
          for (const [at, byte] of changes) damaged[at % damaged.length] = byte;
          return damaged;
        }),
    );
    await fc.assert(
      fc.asyncProperty(bytes, async (file) => {
        try {
          const { width, height, pixels } = await decodeImage(file, { maxPixels: 1e6 });
          expect(pixels.length).toBe(3 * width * height);
        } catch (error) {
          expect((error as ImageError).name).toBe("ImageError");
        }
      }),
      { numRuns: 300 },
    );
  });
});

/** Updates the checksum of a changed PNG header. */
function withChecksum(png: Uint8Array): Uint8Array {
  let rest = -1;
  for (const byte of png.subarray(12, 29)) {
    rest ^= byte;
    for (let bit = 0; bit < 8; bit++) rest = (rest >>> 1) ^ (rest & 1 ? 0xedb88320 : 0);
  }
  new DataView(png.buffer, png.byteOffset).setInt32(29, ~rest);
  return png;
}
