/** The files that make.py writes, and what reading them should give. */
import { fileURLToPath } from "node:url";
import { decodeImage } from "../../../src/data/image/decode.js";
import type { Image } from "../../../src/data/image/image.js";
import type { LabeledSource } from "../../../src/data/labeled-source.js";

/** The path of a golden file. */
export const golden = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Class names "c0", "c1" ... */
export const classNames = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `c${index}`);

export interface ReadImage {
  readonly key: string;
  readonly label: string | undefined;
  readonly image: Image;
}

/** All samples of a source, decoded. */
export async function readAll(source: LabeledSource): Promise<ReadImage[]> {
  const found: ReadImage[] = [];
  for await (const { key, image, target } of source.read()) {
    if (!(image instanceof Uint8Array)) throw new Error("expected the bytes of an image");
    const label = target?.kind === "class" ? target.label : undefined;
    found.push({ key, label, image: await decodeImage(image) });
  }
  return found;
}

/** The labels of a source. */
export async function labelsOf(source: LabeledSource): Promise<(string | undefined)[]> {
  const labels: (string | undefined)[] = [];
  for await (const { target } of source.read())
    labels.push(target?.kind === "class" ? target.label : undefined);
  return labels;
}

/** make.py's `gradient`: red counts columns from `number`, green counts rows, and blue is `number`. */
export function gradient(number: number, height: number, width: number): Uint8Array {
  return Uint8Array.from({ length: height * width * 3 }, (_, index) => {
    const [pixel, color] = [Math.floor(index / 3), index % 3];
    return [(pixel % width) + number, Math.floor(pixel / width), number][color]!;
  });
}
