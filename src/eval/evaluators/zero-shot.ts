/** Evaluates zero-shot classification on a set of labeled images. */
import { embedClasses } from "../../inference/prompts.js";
import type { ClassificationResult } from "../classification.js";
import type { ZeroShotSet } from "../evaluation-set.js";
import { classifyZeroShot } from "../zero-shot.js";
import { ClassFinder, type EvaluatedClasses } from "./class-finder.js";
import { type EvaluatorContext, embedImages } from "./embed-images.js";

export interface ZeroShotEvaluation extends EvaluatedClasses {
  readonly kind: "zero-shot";
  readonly set: ZeroShotSet;
  readonly result: ClassificationResult;
}

export async function evaluateZeroShot(
  set: ZeroShotSet,
  context: EvaluatorContext,
): Promise<ZeroShotEvaluation> {
  const { embedder, backend, key, signal } = context;
  const finder = new ClassFinder(set);
  const { kept, ...embedded } = await embedImages(set.source, "vectors", context, finder.classOf);
  const { width } = embedder;
  const classes = await embedClasses(set.classes, set.templates, width, (texts) =>
    embedder.texts(texts, signal),
  );
  const labels = Int32Array.from(kept);
  const inputs = { images: embedded.images, labels, classes, width };
  const result = await classifyZeroShot(backend, inputs, key, signal);
  const { unknownLabels } = finder;
  return { kind: "zero-shot", set, ...embedded, labels, result, unknownLabels };
}
