/** What the codebook keeps of held-out images: ink, codes, and whether the model still recognizes what they show. */
import { join } from "node:path";
import type { Flava } from "../src/api/flava.js";
import { load } from "../src/api/load.js";
import { cacheDirectory } from "../src/base/cache.js";
import { decodeImage } from "../src/data/image/decode.js";
import type { Image } from "../src/data/image/image.js";
import { type View, viewOf } from "../src/data/image/processor.js";
import { baselineOf, priorOf } from "../src/eval/baseline.js";
import { type ZeroShotSet, openEvaluationSet } from "../src/eval/evaluation-set.js";
import { classifyZeroShot } from "../src/eval/zero-shot.js";
import { embedClasses } from "../src/inference/prompts.js";
import type { CodebookConfig } from "../src/model/config.js";
import { type InkError, inkError } from "../src/objective/ink.js";

export interface CodebookRow {
  readonly images: number;
  readonly classes: number;
  /** Zero-shot top-1 accuracy. */
  readonly originals: number;
  readonly reconstructions: number;
  /** One minus the mean absolute error of ink. */
  readonly inkAccuracy: number;
  readonly codesUsed: number;
  /** In nats. */
  readonly codeEntropy: number;
}

/**
 * Prints how a model does on Phosphor icons, which are held out, and on what its codebook makes of them.
 *
 * @param model a directory with a codebook and its decoder; default: the model that ships
 */
export async function benchCodebook(model?: string): Promise<void> {
  const set = await openEvaluationSet(join(cacheDirectory(), "pmd", "evaluation", "zero-shot-ph"));
  await using flava = await load(model);
  print(await measureCodebook(flava, set as ZeroShotSet), flava.model.config.codebook);
}

/** A reconstruction in [0, 1], float32 [3, H, W]. */
const asDrawn: View = { rescale: 1 / 255, mapPixels: false };

const total = (numbers: readonly number[]): number => numbers.reduce((sum, x) => sum + x, 0);

/** Reconstructs the first `limit` images of a set by the model's codebook, and classifies both versions. */
export async function measureCodebook(
  flava: Flava,
  set: ZeroShotSet,
  limit = Infinity,
): Promise<CodebookRow> {
  const { embedder, width } = flava;
  const { processor, backend } = flava.model;
  const { image: side, codebook } = flava.model.config;
  const hidden = new Uint8Array((side.size / side.patch) ** 2); // nothing is predicted
  const [images, drawn, labels]: [Image[], Image[], number[]] = [[], [], []];
  const counts = new Map<number, number>();
  const ink: InkError[] = [];
  const seen: View = { ...processor.codebook, mapPixels: false };
  for await (const { image: file, label } of set.source.read()) {
    if (images.length >= limit) break;
    const image = await decodeImage(file!);
    const { image: reconstruction, tokens } = await flava.fillImage(file!, { hidden });
    if (!reconstruction) throw new Error("This model has no decoder of its codebook.");
    for (const token of tokens) counts.set(token, (counts.get(token) ?? 0) + 1);
    ink.push(inkError(viewOf(image, seen), viewOf(reconstruction, asDrawn)));
    images.push(image);
    drawn.push(reconstruction);
    labels.push(set.labels.indexOf(label!));
  }
  const classes = await embedClasses(set.classes, set.templates, width, (texts) =>
    embedder.texts(texts),
  );
  const accuracy = async (some: readonly Image[]): Promise<number> => {
    const vectors = await embedder.images(some);
    const inputs = { images: vectors, labels: Int32Array.from(labels), classes, width };
    return (await classifyZeroShot(backend, inputs)).top1.mean;
  };
  return {
    images: images.length,
    classes: classes.length / width,
    originals: await accuracy(images),
    reconstructions: await accuracy(drawn),
    inkAccuracy: 1 - total(ink.map(({ error }) => error)) / total(ink.map(({ values }) => values)),
    codesUsed: counts.size,
    codeEntropy: baselineOf(priorOf(counts, codebook.vocabulary, 0), counts).loss,
  };
}

function print(row: CodebookRow, { vocabulary }: CodebookConfig): void {
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  const { images, classes, originals, reconstructions, inkAccuracy, codesUsed, codeEntropy } = row;
  console.log(`${images} images, ${classes} classes`);
  console.log(
    `zero-shot top-1: ${percent(originals)}; of reconstructions: ${percent(reconstructions)}`,
  );
  console.log(`ratio: ${(reconstructions / originals).toFixed(2)} (bar: >= 0.7)`);
  console.log(`ink accuracy: ${percent(inkAccuracy)}`);
  console.log(`codes used: ${codesUsed} of ${vocabulary} (bar: >= 500)`);
  console.log(
    `entropy of codes: ${codeEntropy.toFixed(2)} nats of ${Math.log(vocabulary).toFixed(2)}`,
  );
}
