/** Zero-shot classification by exported ONNX files, against ours: what their dtypes cost in accuracy. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportModel } from "../src/api/export-model.js";
import { load } from "../src/api/load.js";
import { packagePath } from "../src/base/package-root.js";
import { decodeImage } from "../src/data/image/decode.js";
import { pixelsOf } from "../src/data/image/processor.js";
import { type ZeroShotSet, openEvaluationSet } from "../src/eval/evaluation-set.js";
import { classifyZeroShot } from "../src/eval/zero-shot.js";
import { onnxDtypes } from "../src/export/onnx/dtype.js";
import { embedClasses } from "../src/inference/prompts.js";
import { runFile } from "./onnx-runtime.js";
import { tableHeader, tableLine } from "./report.js";

export interface ZeroShotRow {
  readonly engine: string;
  /** Share of images whose nearest class is theirs, and whose class is among the nearest five. */
  readonly top1: number;
  readonly top5: number;
}

/** Embeds prepared images and token ids: unit-length vectors, [N, D]. */
interface Vectors {
  readonly images: (pixels: readonly Float32Array[]) => Promise<Float32Array>;
  readonly texts: (ids: readonly Int32Array[]) => Promise<Float32Array>;
}

const batch = 32;

/** Prints and returns the accuracy of the model that ships on images of families that it has never seen. */
export async function benchOnnxZeroShot(): Promise<ZeroShotRow[]> {
  await using flava = await load();
  const path = packagePath("samples", "mini-pmd", "evaluation", "zero-shot-ph");
  const set = (await openEvaluationSet(path)) as ZeroShotSet;
  const pixels: Float32Array[] = [];
  const labels: number[] = [];
  for await (const { image, label } of set.source.read()) {
    pixels.push(pixelsOf(await decodeImage(image!), flava.model.processor));
    labels.push(set.labels.indexOf(label!));
  }
  const { embedder, model } = flava;
  const width = embedder.width;
  const measure = async (engine: string, vectors: Vectors): Promise<ZeroShotRow> => {
    const images = await vectors.images(pixels);
    const classes = await embedClasses(set.classes, set.templates, width, (texts) =>
      vectors.texts(texts.map((text) => embedder.encode(text))),
    );
    const inputs = { images, labels: Int32Array.from(labels), classes, width };
    const { top1, top5 } = await classifyZeroShot(model.backend, inputs);
    const row = { engine, top1: top1.mean, top5: top5.mean };
    const percent = [row.top1, row.top5].map((share) => `${(100 * share).toFixed(1)} %`);
    console.log(tableLine([engine, ...percent]));
    return row;
  };
  console.log(`${pixels.length} images, ${set.classes.length} classes`);
  console.log(tableHeader(["engine", "top-1", "top-5"]));
  const rows = [
    await measure("ours, float32", {
      images: (some) => embedder.images(some),
      texts: (some) => embedder.texts(some),
    }),
  ];
  const folder = mkdtempSync(join(tmpdir(), "flava-zero-shot-"));
  try {
    for (const dtype of onnxDtypes) {
      const paths = await exportModel(folder, { dtype });
      rows.push(
        await measure(`ONNX Runtime, ${dtype}`, {
          images: (some) =>
            inBatches(some, async (part) => {
              return (await runFile(paths, "vision_model", { pixels: part })).image_embeds!;
            }),
          texts: (some) =>
            inBatches(some, async (part) => {
              return (await runFile(paths, "text_model", { ids: part })).text_embeds!;
            }),
        }),
      );
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return rows;
}

async function inBatches<T>(
  items: readonly T[],
  embed: (part: readonly T[]) => Promise<Float32Array>,
): Promise<Float32Array> {
  const vectors: number[] = [];
  for (let first = 0; first < items.length; first += batch) {
    vectors.push(...(await embed(items.slice(first, first + batch))));
  }
  return Float32Array.from(vectors);
}
