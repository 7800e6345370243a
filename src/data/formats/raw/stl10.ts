/** The binary files of STL10. */
import { open, readFile, stat } from "node:fs/promises";
import { encodePnm } from "../../image/codecs/pnm.js";
import type { LabeledSource } from "../../labeled-source.js";
import { SourceError } from "../source-error.js";
import { classAt } from "../labeled/class-names.js";
import { linesIn } from "../labeled/lines-in.js";
import { rawImages } from "./raw-images.js";

const side = 96;
const imageBytes = side * side * 3;

interface Stl10Files {
  readonly images: string;
  readonly labels: string;
  /** Only the images of a fold: a line of a file of folds. */
  readonly fold?: { readonly path: string; readonly number: number };
}

/**
 * The images of train_X.bin or test_X.bin with their labels, which count from 1.
 * @throws SourceError if the files differ in their number of images, or a fold names one that is not there
 */
export async function stl10Images(
  { images, labels, fold }: Stl10Files,
  classes: readonly string[],
): Promise<LabeledSource> {
  const { size } = await stat(images);
  const numbers = await readFile(labels);
  const count = size / imageBytes;
  if (count !== numbers.length || count === 0)
    throw new SourceError(
      `${images} has ${count} images of ${side} x ${side} pixels, but ${labels} has ${numbers.length} labels: one of them is cut off.`,
    );
  const chosen = fold ? await indicesOf(fold.path, fold.number, count) : [...numbers.keys()];
  return rawImages(images, chosen.length, async function* () {
    const handle = await open(images, "r");
    try {
      for (const index of chosen) {
        const bytes = Buffer.alloc(imageBytes);
        await handle.read(bytes, 0, imageBytes, index * imageBytes);
        const label = classAt(classes, numbers[index]!, `${labels}, label ${index},`, 1);
        yield { key: String(index), label, image: encodePnm(side, side, 3, upright(bytes)) };
      }
    } finally {
      await handle.close();
    }
  });
}

/** Pixels stored by color, column and row, as `[H, W, 3]`. */
function upright(planes: Uint8Array): Uint8Array {
  const pixels = new Uint8Array(imageBytes);
  for (let color = 0, from = 0; color < 3; color++)
    for (let x = 0; x < side; x++)
      for (let y = 0; y < side; y++) pixels[(y * side + x) * 3 + color] = planes[from++]!;
  return pixels;
}

async function indicesOf(path: string, number: number, count: number): Promise<number[]> {
  const line = (await linesIn(path))[number];
  if (line === undefined) throw new SourceError(`${path} has no line ${number + 1}.`);
  const indices = line.split(/\s+/).map(Number);
  const odd = indices.find((index) => !(Number.isInteger(index) && index >= 0 && index < count));
  if (odd === undefined) return indices;
  throw new SourceError(`${path}, line ${number + 1}, names image ${odd}; there are ${count}.`);
}
