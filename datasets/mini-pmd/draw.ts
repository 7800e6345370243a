/** Draws an item: its image as a small WebP file on white, and its ink, which identifies copies. */
import sharp, { type Sharp } from "sharp";
import { withArticle } from "./caption.js";
import { inkOf } from "./ink.js";
import type { Item } from "./item.js";
import { seededUnit } from "./seeded.js";

// Several images are drawn at once: threads within one would only compete.
sharp.concurrency(1);
sharp.cache(false);

interface DrawOptions {
  /** Width and height of vector images in pixels; others keep their proportions, at most 1.5 times as long. */
  readonly size: number;
  /** Whether half of the monochrome images get a color; otherwise they are black. */
  readonly recolor: boolean;
}

export interface Drawn {
  readonly image: Uint8Array;
  /** Darkness of 32 x 32 cells, 0 to 255. */
  readonly ink: Uint8Array;
  /** The color given to a monochrome image, and a true caption that names it. */
  readonly color?: { readonly name: string; readonly caption: string };
}

/** Why an image cannot be used. */
type Undrawable = "blank" | "unreadable";

/** Plain names of colors, each with an unmistakable example. */
const colors: readonly (readonly [name: string, value: string])[] = [
  ["red", "#dc1f1f"],
  ["green", "#1f9a30"],
  ["blue", "#1f4fdc"],
  ["yellow", "#f4c400"],
  ["orange", "#f37a12"],
  ["purple", "#8428c4"],
  ["pink", "#f062aa"],
  ["brown", "#7b4a20"],
  ["gray", "#848484"],
  ["turquoise", "#16b5ab"],
  ["dark blue", "#101f70"],
  ["light blue", "#6cb6f4"],
];

/** A longer lossless file is a photograph or like one, and is stored as lossy instead. */
const photographicBytes = 16_000;

interface Raster {
  /** `[height, width, 4]`: red, green, blue, opacity. */
  readonly data: Buffer;
  readonly width: number;
  readonly height: number;
}

/** Draws on white. An image with nothing visible (more than 97 % of the ink is nearly white) is "blank". */
export async function draw(
  item: Item,
  { size, recolor }: DrawOptions,
): Promise<Drawn | Undrawable> {
  const color = recolor ? colorOf(item) : undefined;
  const raster = await rasterOf(item, size, color?.value).catch(() => undefined);
  if (!raster) return "unreadable";
  if (isBlank(raster)) return "blank";
  const image = onWhite(raster);
  const monochrome = item.drawing.kind === "svg" && item.drawing.monochrome;
  return {
    image: await encode(image, raster, item.drawing.kind === "file"),
    ink: inkOf(raster.data, raster.width, raster.height, monochrome),
    ...(color && {
      color: {
        name: color.name,
        caption: withArticle(`${color.name} ${item.concept} ${kindOf(item)}`),
      },
    }),
  };
}

const kindOf = ({ source }: Item): string =>
  source === "logos" ? "logo" : source === "emoji" ? "emoji" : "icon";

/** The color of every second monochrome icon, chosen by its key. */
function colorOf({ drawing, key }: Item): { name: string; value: string } | undefined {
  if (drawing.kind !== "svg" || !drawing.monochrome || seededUnit("coloured", key) < 0.5)
    return undefined;
  const [name, value] = colors[Math.floor(seededUnit("colour", key) * colors.length)]!;
  return { name, value };
}

async function rasterOf({ drawing }: Item, size: number, color = "#000"): Promise<Raster> {
  const longest = Math.round(size * 1.5);
  const image =
    drawing.kind === "svg"
      ? sharp(Buffer.from(sizedSvg(drawing.svg, size, color)))
      : sharp(drawing.file)
          .rotate()
          .resize(longest, longest, { fit: "inside", withoutEnlargement: true });
  const { data, info } = await image
    .toColourspace("srgb")
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  if (info.channels !== 4) throw new Error(`expected 4 channels, but there are ${info.channels}`);
  return { data, width: info.width, height: info.height };
}

/** The SVG image with `size` pixels as its width and height, and `color` where it leaves its color open. */
export function sizedSvg(svg: string, size: number, color: string): string {
  const start = /<svg\b[^>]*>/.exec(svg);
  if (!start) throw new Error("An SVG image has an element <svg>, but this text has none.");
  const length = (name: string): number | undefined => {
    const value = new RegExp(`\\s${name}\\s*=\\s*["']\\s*([\\d.]+)(px|pt|mm|cm|in)?\\s*["']`).exec(
      start[0],
    )?.[1];
    return value === undefined ? undefined : Number(value);
  };
  const [width, height] = [length("width"), length("height")];
  const hasBox = /\sviewBox\s*=/.test(start[0]);
  const box = hasBox || !width || !height ? "" : ` viewBox="0 0 ${width} ${height}"`;
  const bare = start[0].replace(
    /\s(width|height|preserveAspectRatio)\s*=\s*("[^"]*"|'[^']*')/g,
    "",
  );
  const root = bare.replace(
    /^<svg/,
    `<svg width="${size}" height="${size}" color="${color}"${box}`,
  );
  return svg.slice(0, start.index) + root + svg.slice(start.index + start[0].length);
}

/** Whether the image is nearly all white: opacity counts as ink, however pale the color. */
function isBlank({ data }: Raster): boolean {
  let ink = 0;
  let seen = 0;
  for (let at = 0; at < data.length; at += 4) {
    const opacity = data[at + 3]!;
    if (opacity === 0) continue;
    ink += opacity;
    if (Math.min(data[at]!, data[at + 1]!, data[at + 2]!) < 240) seen += opacity;
  }
  return ink === 0 || seen < 0.03 * ink;
}

/** `[height, width, 3]`. */
function onWhite({ data, width, height }: Raster): Buffer {
  const image = Buffer.allocUnsafe(width * height * 3);
  for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
    const opacity = data[from + 3]!;
    for (let channel = 0; channel < 3; channel++) {
      image[to + channel] = Math.round(
        (data[from + channel]! * opacity + 255 * (255 - opacity)) / 255,
      );
    }
  }
  return image;
}

async function encode(
  image: Buffer,
  { width, height }: Raster,
  mayLose: boolean,
): Promise<Uint8Array> {
  const raster = (): Sharp => sharp(image, { raw: { width, height, channels: 3 } });
  const lossless = await raster().webp({ lossless: true, effort: 2 }).toBuffer();
  if (!mayLose || lossless.length <= photographicBytes) return lossless;
  return raster().webp({ quality: 90 }).toBuffer();
}
