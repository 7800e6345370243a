/** Handwritten digits of 8 x 8 pixels (Debian package python3-sklearn; test part of UCI's optical digits). */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import sharp from "sharp";
import type { LoneImage } from "../item.js";
import type { Packages } from "../packages.js";
import { keyOf } from "./prose.js";

const side = 8;
const grays = 16;
/** Size that images are enlarged to. */
const drawn = 64;

interface Digit {
  /** 64 shades of ink, 0 to 16, row by row. */
  readonly ink: readonly number[];
  readonly label: string;
}

/** Digits in black on white, with the digit as label; for probes. */
export async function* digitImages(packages: Packages): AsyncGenerator<LoneImage> {
  const directory = await packages.directory("python3-sklearn");
  if (directory === undefined) return;
  const path = "usr/lib/python3/dist-packages/sklearn/datasets/data/digits.csv.gz";
  const csv = (await promisify(gunzip)(await readFile(join(directory, path)))).toString("utf8");
  for (const [index, { ink, label }] of digitsOf(csv).entries()) {
    const white = Uint8Array.from(ink, (shade) => 255 - Math.round((shade * 255) / grays));
    const file = await sharp(white, { raw: { width: side, height: side, channels: 1 } })
      .resize(drawn, drawn, { kernel: "cubic" })
      .png()
      .toBuffer();
    yield {
      key: keyOf("digits", String(index)),
      source: "digits",
      file,
      license: "BSD-3-Clause",
      label,
    };
  }
}

/**
 * The rows of the table: 64 shades, then the digit.
 * @throws RangeError for a row of another form
 */
export function digitsOf(csv: string): Digit[] {
  return csv.split(/\r?\n/).flatMap((row, index): Digit[] => {
    if (row === "") return [];
    const numbers = row.split(",").map(Number);
    const ink = numbers.slice(0, side * side);
    const label = numbers[side * side];
    const sound = ink.every((shade) => shade >= 0 && shade <= grays);
    if (numbers.length !== side * side + 1 || label === undefined || !sound || !(label >= 0))
      throw new RangeError(
        `Line ${index + 1} of the digits has ${numbers.length} columns; 64 shades of 0 to 16 and a digit were expected.`,
      );
    return [{ ink, label: String(label) }];
  });
}
