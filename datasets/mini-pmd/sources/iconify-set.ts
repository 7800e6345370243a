/** The form of Iconify's sets: JSON files of SVG bodies by name. */
import { z } from "zod";

const box = {
  left: z.number().optional(),
  top: z.number().optional(),
  width: z.number().optional(),
  height: z.number().optional(),
};
const turn = {
  rotate: z.number().optional(),
  hFlip: z.boolean().optional(),
  vFlip: z.boolean().optional(),
  hidden: z.boolean().optional(),
};

const iconSchema = z.object({ body: z.string(), ...box, ...turn });
const aliasSchema = z.object({ parent: z.string(), ...box, ...turn });

const setSchema = z.object({
  prefix: z.string(),
  icons: z.record(z.string(), iconSchema),
  aliases: z.record(z.string(), aliasSchema).optional(),
  /** Code points in hexadecimal to names. */
  chars: z.record(z.string(), z.string()).optional(),
  categories: z.record(z.string(), z.array(z.string())).optional(),
  suffixes: z.record(z.string(), z.string()).optional(),
  prefixes: z.record(z.string(), z.string()).optional(),
  ...box,
});

const collectionSchema = z.object({
  name: z.string(),
  author: z.object({ name: z.string() }),
  license: z.object({ title: z.string(), spdx: z.string().optional() }),
  category: z.string().optional(),
  tags: z.array(z.string()).optional(),
  palette: z.boolean(),
  hidden: z.boolean().optional(),
});

export type IconifyIcon = z.infer<typeof iconSchema>;
export type IconifySet = z.infer<typeof setSchema>;
/** Information on a set as a whole. */
export type Collection = z.infer<typeof collectionSchema>;

export const parseSet = (text: string): IconifySet => setSchema.parse(JSON.parse(text));

export const parseCollections = (text: string): Record<string, Collection> =>
  z.record(z.string(), collectionSchema).parse(JSON.parse(text));

/** The icon as a whole SVG image. */
export function svgOf(set: IconifySet, icon: IconifyIcon): string {
  const left = icon.left ?? set.left ?? 0;
  const top = icon.top ?? set.top ?? 0;
  const width = icon.width ?? set.width ?? 16;
  const height = icon.height ?? set.height ?? 16;
  const body = turned(icon, left + width / 2, top + height / 2);
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ` +
    `viewBox="${left} ${top} ${width} ${height}" width="${width}" height="${height}">${body}</svg>`
  );
}

/** The body, rotated by quarter turns about its center and mirrored, as the icon requires. */
function turned({ body, rotate = 0, hFlip, vFlip }: IconifyIcon, x: number, y: number): string {
  const steps: string[] = [];
  if (rotate % 4 !== 0) steps.push(`rotate(${(rotate % 4) * 90} ${x} ${y})`);
  if (hFlip) steps.push(`translate(${2 * x} 0) scale(-1 1)`);
  if (vFlip) steps.push(`translate(0 ${2 * y}) scale(1 -1)`);
  return steps.length === 0 ? body : `<g transform="${steps.join(" ")}">${body}</g>`;
}
