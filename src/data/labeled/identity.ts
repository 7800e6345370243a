import { createHash } from "node:crypto";
import type { LabeledSample } from "../labeled-sample.js";

/** SHA-256 of the samples in their order, wherever they are in their files. Images in files count by their paths. */
export function identityOfSamples(samples: readonly LabeledSample[]): string {
  const hash = createHash("sha256");
  for (const { image, where: _, ...sample } of samples) {
    hash.update(JSON.stringify(sample));
    if (image) hash.update(image instanceof Uint8Array ? image : JSON.stringify(image));
  }
  return hash.digest("hex");
}

/** SHA-256 of the names of labels in their order. */
export const identityOfLabels = (names: readonly string[]): string =>
  createHash("sha256").update(JSON.stringify(names)).digest("hex");
