/** The inks of held-out icons, kept in the cache so that every later step can compare with them. */
import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { replaceFile } from "flava/data";
import { inkSide } from "./ink.js";
import { HeldOutInks } from "./near-copies.js";

export interface HeldOutImage {
  readonly key: string;
  readonly ink: Uint8Array;
}

const place = (cache: string): string => join(cache, "held-out-inks.bin");

/** Stores the images as one file: a line of JSON with the keys, then the inks. */
export async function writeHeldOut(cache: string, images: readonly HeldOutImage[]): Promise<void> {
  const path = place(cache);
  await mkdir(dirname(path), { recursive: true });
  const head = Buffer.from(`${JSON.stringify(images.map(({ key }) => key))}\n`);
  await replaceFile(path, Buffer.concat([head, ...images.map(({ ink }) => ink)]));
}

/** The search over the stored images; undefined before the icons were built. */
export async function readHeldOut(cache: string): Promise<HeldOutInks | undefined> {
  const bytes = await readFile(place(cache)).catch(() => undefined);
  if (!bytes) return undefined;
  const end = bytes.indexOf("\n");
  const keys = JSON.parse(bytes.toString("utf8", 0, end)) as string[];
  const cells = inkSide * inkSide;
  return new HeldOutInks(
    keys.map((key, index) => {
      const start = end + 1 + index * cells;
      return { key, ink: bytes.subarray(start, start + cells) };
    }),
  );
}
