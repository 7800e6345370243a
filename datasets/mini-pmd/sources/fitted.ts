/** Images without the empty margin around their content: at 80 pixels a small thing on a large page is a dot. */
import sharp from "sharp";
import type { Drawing } from "../item.js";

/** CSS units in pixels. */
const pixels: Readonly<Record<string, number>> = {
  "": 1,
  px: 1,
  pt: 96 / 72,
  pc: 16,
  mm: 96 / 25.4,
  cm: 96 / 2.54,
  in: 96,
};

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

const probeSize = 200;
const margin = 0.04;
/** If the content covers less than this share of the page, the page is cropped to it. */
const wellFilled = 0.7;

/** The content of an image file, an SVG by its extension; undefined if it is empty. */
export async function fittedDrawing(path: string, content: Buffer): Promise<Drawing | undefined> {
  if (path.endsWith(".svg")) {
    const svg = await fittedSvg(content.toString("utf8"));
    return svg === undefined ? undefined : { kind: "svg", svg, monochrome: false };
  }
  const file = await fittedFile(content);
  return file === undefined ? undefined : { kind: "file", file };
}

/**
 * An SVG whose page fits its content. A page with its size only in points or millimeters gets a viewBox of the
 * right scale, since renderers disagree on the size of a point. Undefined if the drawing is empty or damaged.
 */
export async function fittedSvg(svg: string): Promise<string | undefined> {
  const page = pageOf(svg);
  if (page === undefined) return undefined;
  const whole = withPage(svg, page);
  const ink = await inkOf(Buffer.from(withPage(svg, page, probeSize)));
  if (ink === undefined) return undefined;
  if (ink.width * ink.height > wellFilled) return whole;
  const border = margin * Math.max(ink.width * page.width, ink.height * page.height);
  return withPage(svg, {
    left: page.left + ink.left * page.width - border,
    top: page.top + ink.top * page.height - border,
    width: ink.width * page.width + 2 * border,
    height: ink.height * page.height + 2 * border,
  });
}

/** An image file as it is, or as PNG without a large empty margin; undefined if it is empty. */
export async function fittedFile(file: Buffer): Promise<Buffer | undefined> {
  const ink = await inkOf(file);
  if (ink === undefined) return undefined;
  if (ink.width * ink.height > wellFilled) return file;
  const { width, height } = await sharp(file).metadata();
  const left = Math.floor(ink.left * width);
  const top = Math.floor(ink.top * height);
  return sharp(file)
    .extract({
      left,
      top,
      width: Math.max(1, Math.min(width - left, Math.ceil(ink.width * width))),
      height: Math.max(1, Math.min(height - top, Math.ceil(ink.height * height))),
    })
    .png()
    .toBuffer();
}

/** The bounds of all that is not transparent, as shares of width and height. */
async function inkOf(file: Buffer): Promise<Box | undefined> {
  const { data, info } = await sharp(file, { unlimited: true })
    .resize(probeSize, probeSize, { fit: "inside", withoutEnlargement: true })
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  let [left, top, right, bottom] = [info.width, info.height, -1, -1];
  for (let y = 0; y < info.height; y++)
    for (let x = 0; x < info.width; x++) {
      if ((data[4 * (y * info.width + x) + 3] ?? 0) < 8) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = y;
    }
  if (right < left) return undefined;
  return {
    left: left / info.width,
    top: top / info.height,
    width: (right - left + 1) / info.width,
    height: (bottom - top + 1) / info.height,
  };
}

const root = /<(?:svg:)?svg\b[^>]*>/;

/** The page in the units of the drawing: the viewBox, else width and height. */
function pageOf(svg: string): Box | undefined {
  const tag = root.exec(svg)?.[0];
  if (tag === undefined) return undefined;
  const numbers = (attribute(tag, "viewBox") ?? "")
    .trim()
    .split(/[\s,]+/)
    .map(Number);
  const [left = 0, top = 0, width = NaN, height = NaN] =
    numbers.length === 4 ? numbers : [0, 0, length(tag, "width"), length(tag, "height")];
  return width > 0 && height > 0 ? { left, top, width, height } : undefined;
}

function length(tag: string, name: string): number {
  const [, number, unit] =
    /^\s*([\d.]+(?:e[+-]?\d+)?)\s*([a-z]*)\s*$/i.exec(attribute(tag, name) ?? "") ?? [];
  return Number(number) * (pixels[(unit ?? "?").toLowerCase()] ?? NaN);
}

function attribute(tag: string, name: string): string | undefined {
  return new RegExp(`\\s${name}\\s*=\\s*["']([^"']*)["']`).exec(tag)?.[1];
}

/** The drawing with this page as its viewBox, the longer side `size` pixels long. */
function withPage(svg: string, page: Box, size = Math.max(page.width, page.height)): string {
  const scale = size / Math.max(page.width, page.height);
  const round = (value: number): string => String(Number(value.toPrecision(7)));
  const box = [page.left, page.top, page.width, page.height].map(round).join(" ");
  const width = round(page.width * scale);
  const height = round(page.height * scale);
  return svg.replace(root, (tag) =>
    tag
      .replace(/\s(?:width|height|viewBox|x|y|preserveAspectRatio)\s*=\s*(?:"[^"]*"|'[^']*')/g, "")
      .replace(
        /^<(?:svg:)?svg/,
        (start) => `${start} width="${width}" height="${height}" viewBox="${box}"`,
      ),
  );
}
