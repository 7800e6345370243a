/** The idx files of MNIST: images and labels, plain or gzipped. */
import { open } from "node:fs/promises";
import { encodePnm } from "../../image/codecs/pnm.js";
import type { LabeledSource } from "../../labeled-source.js";
import { SourceError } from "../source-error.js";
import { classAt } from "../labeled/class-names.js";
import { fileRows } from "./file-rows.js";
import { rawImages } from "./raw-images.js";

/**
 * The gray images of an idx3 file, with the labels of an idx1 file.
 * @throws SourceError if a file is not of its kind, or images and labels differ in number
 */
export async function idxImages(
  imagePath: string,
  labelPath: string,
  classes: readonly string[],
): Promise<LabeledSource> {
  const [samples, height, width] = await sizesOf(imagePath, 3);
  const [labels] = await sizesOf(labelPath, 1);
  if (labels !== samples)
    throw new SourceError(
      `${imagePath} has ${samples} images, but ${labelPath} has ${labels} labels.`,
    );
  const headerOf = (axes: number): number => 4 + 4 * axes;
  await requireBytes(imagePath, headerOf(3) + samples! * height! * width!);
  await requireBytes(labelPath, headerOf(1) + samples!);
  return rawImages(imagePath, samples!, async function* () {
    const images = fileRows(imagePath, headerOf(3), samples!, height! * width!);
    let [index, numbers]: [number, Buffer] = [0, Buffer.alloc(0)];
    for await (const row of fileRows(labelPath, headerOf(1), 1, samples!)) numbers = row;
    for await (const pixels of images) {
      const label = classAt(classes, numbers[index]!, `${labelPath}, label ${index},`);
      yield { key: String(index++), label, image: encodePnm(width!, height!, 1, pixels) };
    }
  });
}

/** The sizes of the axes in the header: a code of the element type, 8 for bytes, the number of axes, and their sizes. */
async function sizesOf(path: string, axes: number): Promise<number[]> {
  for await (const header of fileRows(path, 0, 1, 4 + 4 * axes)) {
    const sizes = Array.from({ length: axes }, (_, axis) => header.readUInt32BE(4 + 4 * axis));
    if (header.readUInt32BE(0) !== 0x800 + axes)
      throw new SourceError(`${path} is no idx file of bytes with ${axes} axes.`);
    if (sizes.every((size) => size > 0)) return sizes;
  }
  throw new SourceError(`${path} has nothing in it.`);
}

/**
 * A gzipped file ends with the number of its unpacked bytes, so that one that is cut off is told without unpacking it.
 * @throws SourceError if the file is cut off
 */
async function requireBytes(path: string, expected: number): Promise<void> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const end = Buffer.alloc(4);
    if (path.endsWith(".gz")) await file.read(end, 0, 4, size - 4);
    const isWhole = path.endsWith(".gz")
      ? end.readUInt32LE(0) === expected % 2 ** 32
      : size >= expected;
    if (!isWhole)
      throw new SourceError(
        `${path} does not have the ${expected} bytes that its beginning announces. Perhaps its download was interrupted.`,
      );
  } finally {
    await file.close();
  }
}
