/** Images that a program draws, with the classes that it knows. */
import sharp from "sharp";
import { Random } from "./random.js";
import type { Labeled, Part } from "./probe-recipe.js";
import { parts } from "./probe-recipe.js";

/** Side of drawn images in pixels. */
export const side = 96;

/** Number of images of each class in a part. */
const imagesOfClass = { train: 100, test: 40 } as const;

/** As many drawings of every class as each part needs. */
export async function* drawings(
  set: string,
  classes: readonly string[],
  draw: (label: string, random: Random, part: Part) => Promise<Uint8Array> | Uint8Array,
): AsyncGenerator<Labeled> {
  for (const part of parts) {
    for (let index = 0; index < imagesOfClass[part]; index++) {
      for (const label of classes) {
        const key = `${set}/${part}-${index}-${label}`.replaceAll(" ", "-");
        const image = await draw(label, new Random(key), part);
        yield { sample: { key, image, fields: { license: "BSD-3-Clause" } }, label, part };
      }
    }
  }
}

/** An SVG image of `side` x `side` pixels, with some noise as cameras have it. */
export async function drawSvg(content: string, random: Random, noise = 0): Promise<Uint8Array> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}">${content}</svg>`;
  const data = await sharp(Buffer.from(svg)).removeAlpha().raw().toBuffer();
  for (let at = 0; noise > 0 && at < data.length; at++)
    data[at] = Math.min(255, Math.max(0, data[at]! + random.between(-noise, noise)));
  return encoded(data);
}

/** Pixels [side, side, 3] as an image file. */
export const encoded = (pixels: Buffer | Uint8Array): Promise<Buffer> =>
  sharp(pixels, { raw: { width: side, height: side, channels: 3 } })
    .webp({ lossless: true, effort: 2 })
    .toBuffer();
