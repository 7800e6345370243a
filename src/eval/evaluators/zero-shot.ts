/** Evaluates zero-shot classification on a set of labeled images. */
import { embedClasses } from "../../inference/prompts.js";
import type { ClassificationResult } from "../classification.js";
import type { ZeroShotSet } from "../evaluation-set.js";
import { classifyZeroShot } from "../zero-shot.js";
import { ClassFinder, type EvaluatedClasses } from "./class-finder.js";
import { readRows } from "../embedding-store.js";
import { type EvaluatorContext, embedImages } from "./embed-images.js";
import { embedTexts } from "./embed-texts.js";

/** How well prompts alone classify images (flava.md 8.1). */
export interface ZeroShotEvaluation extends EvaluatedClasses {
  readonly kind: "zero-shot";
  /** What was evaluated on. */
  readonly set: ZeroShotSet;
  /** Image embeddings: float32 [N, width]. */
  readonly images: Float32Array;
  /** Accuracies, chance levels and mistakes. */
  readonly result: ClassificationResult;
}

export async function evaluateZeroShot(
  set: ZeroShotSet,
  context: EvaluatorContext,
): Promise<ZeroShotEvaluation> {
  const { embedder, backend, key, signal } = context;
  const finder = new ClassFinder(set);
  const found = await embedImages(set.source, "vectors", context, finder.classOf);
  const { kept, digests, ...embedded } = found;
  const images = await readRows(context.stores.vectors, digests);
  const { width } = embedder;
  const classes = await embedClasses(set.classes, set.templates, width, (texts) =>
    embedTexts(context, texts),
  );
  const labels = Int32Array.from(kept);
  const inputs = { images, labels, classes, width };
  const result = await classifyZeroShot(backend, inputs, { key, signal });
  const { unknownLabels } = finder;
  return { kind: "zero-shot", set, ...embedded, images, labels, result, unknownLabels };
}
