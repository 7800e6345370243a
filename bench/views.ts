/** Our side of the benchmark of images: decodes files and makes both views of each. */
import { decodeImage } from "../src/data/image/decode.js";
import { fastResample } from "../src/data/image/fast-resample.js";
import { defaultProcessor, writeNumbers, writeView } from "../src/data/image/processor.js";

const processor = defaultProcessor();
const [encoderNumbers, codebookNumbers] = [3 * 224 * 224, 3 * 112 * 112];

/** The numbers that the encoder and the codebook see, one image after another. */
export interface Views {
  readonly pixels: Float32Array;
  readonly codebookPixels: Float32Array;
}

/** Room for the views of `count` images. */
export function roomFor(count: number): Views {
  return {
    pixels: new Float32Array(count * encoderNumbers),
    codebookPixels: new Float32Array(count * codebookNumbers),
  };
}

export async function makeViews(
  files: readonly Uint8Array[],
  { pixels, codebookPixels }: Views,
): Promise<void> {
  for (const [index, file] of files.entries()) {
    const image = await decodeImage(file);
    writeView(image, processor.encoder, pixels, index * encoderNumbers);
    writeView(image, processor.codebook, codebookPixels, index * codebookNumbers);
  }
}

/** Milliseconds per image in each step. */
export async function splitTime(
  files: readonly Uint8Array[],
): Promise<{ decode: number; resample: number; normalize: number }> {
  const { pixels, codebookPixels } = roomFor(1);
  const sums = { decode: 0, resample: 0, normalize: 0 };
  for (const file of files) {
    const start = performance.now();
    const image = await decodeImage(file);
    const decoded = performance.now();
    const encoder = fastResample(image, { width: 224, height: 224, filter: "bicubic" });
    const codebook = fastResample(image, { width: 112, height: 112, filter: "lanczos" });
    const resampled = performance.now();
    writeNumbers(encoder, processor.encoder, pixels, 0);
    writeNumbers(codebook, processor.codebook, codebookPixels, 0);
    sums.decode += decoded - start;
    sums.resample += resampled - decoded;
    sums.normalize += performance.now() - resampled;
  }
  const each = (sum: number): number => sum / files.length;
  return {
    decode: each(sums.decode),
    resample: each(sums.resample),
    normalize: each(sums.normalize),
  };
}
