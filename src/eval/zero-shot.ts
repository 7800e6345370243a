/** Classification by names alone: an image belongs to the class whose sentences are nearest (flava.md 8.1). */
import type { Backend } from "../backend/backend.js";
import type { Key } from "../base/random.js";
import { countOf, similaritiesOfEach } from "../inference/similarity.js";
import { Answers, type ClassificationResult } from "./classification.js";

interface ZeroShotInputs {
  /** Vectors of the images, float32 [N, width]. */
  readonly images: Float32Array;
  /** The class of each image, from 0 to C - 1. */
  readonly labels: Int32Array;
  /** Vectors of the classes, float32 [C, width]. */
  readonly classes: Float32Array;
  readonly width: number;
}

/** Classifies images by the classes' vectors. Ties count as mistakes. */
export async function classifyZeroShot(
  backend: Backend,
  { images, labels, classes, width }: ZeroShotInputs,
  key: Key,
  signal?: AbortSignal,
): Promise<ClassificationResult> {
  const [count, classCount] = [countOf(images, width), countOf(classes, width)];
  if (labels.length !== count) {
    throw new RangeError(`${count} images have one label each, but ${labels.length} were given.`);
  }
  const answers = new Answers(labels, classCount);
  const similarities = similaritiesOfEach(backend, images, classes, width, signal);
  for await (const { query, scores } of similarities) answers.take(query, scores);
  return answers.result(key);
}
