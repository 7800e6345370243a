/** Zero-shot classification: assigns each image to the class with the nearest prompts (flava.md 8.1). */
import type { Backend } from "../backend/backend.js";
import { keyOf } from "../base/random.js";
import { countOf, similaritiesOfEach } from "../inference/similarity.js";
import type { IntervalOptions } from "./bootstrap.js";
import { Predictions, type ClassificationResult } from "./classification.js";

/** Embeddings of images and of classes. */
export interface ZeroShotInputs {
  /** Image embeddings, float32 [N, width]. */
  readonly images: Float32Array;
  /** The class of each image, from 0 to C - 1. */
  readonly labels: Int32Array;
  /** Class embeddings, float32 [C, width]. */
  readonly classes: Float32Array;
  /** Numbers in an embedding. */
  readonly width: number;
}

/** Classifies images by their similarity to the classes. Ties count as mistakes. */
export async function classifyZeroShot(
  backend: Backend,
  { images, labels, classes, width }: ZeroShotInputs,
  { key = keyOf(0), signal }: IntervalOptions = {},
): Promise<ClassificationResult> {
  const [count, classCount] = [countOf(images, width), countOf(classes, width)];
  if (labels.length !== count) {
    throw new RangeError(
      `Expected one label for each of ${count} images, but got ${labels.length}.`,
    );
  }
  const predictions = new Predictions(labels, classCount);
  const similarities = similaritiesOfEach(backend, images, classes, width, signal);
  for await (const { query, scores } of similarities) predictions.add(query, scores);
  return predictions.result(key);
}
