/** One thread of bench/images.ts: makes both views of its images on every message. */
import { parentPort, workerData } from "node:worker_threads";
import { decodeImage } from "../src/data/image/decode.js";
import { fastResample } from "../src/data/image/fast-resample.js";
import { defaultProcessor, writeNumbers, writeView } from "../src/data/image/processor.js";

const files = workerData as readonly Uint8Array[];
const processor = defaultProcessor();
const pixels = new Float32Array(files.length * 3 * 224 * 224);
const codebookPixels = new Float32Array(files.length * 3 * 112 * 112);

async function makeViews(): Promise<void> {
  for (const [index, file] of files.entries()) {
    const image = await decodeImage(file);
    writeView(image, processor.encoder, pixels, index * 3 * 224 * 224);
    writeView(image, processor.codebook, codebookPixels, index * 3 * 112 * 112);
  }
}

/** Milliseconds per image in each step. */
async function split(): Promise<{ decode: number; resample: number; normalize: number }> {
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

parentPort!.on("message", (request: "views" | "split") => {
  void (request === "views" ? makeViews() : split()).then((answer) =>
    parentPort!.postMessage(answer),
  );
});
