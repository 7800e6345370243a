/** Search among embedded images. */
import type { EmbeddedImage } from "./embed-folder.js";

export interface FoundImage {
  readonly image: EmbeddedImage;
  /** Cosine similarity. */
  readonly similarity: number;
}

/** The images whose embeddings are nearest to `query`, of any length, nearest first. */
export function nearest(
  query: Float32Array,
  images: readonly EmbeddedImage[],
  count: number,
): FoundImage[] {
  const length = Math.hypot(...query);
  return images
    .map((image) => ({ image, similarity: dot(query, image.vector) / length }))
    .sort((a, b) => b.similarity - a.similarity)
    .slice(0, count);
}

/** The sum of embeddings: as near to all of them as one direction can be. */
export const sumOf = ([first, ...others]: readonly Float32Array[]): Float32Array =>
  first!.map((value, index) => others.reduce((sum, other) => sum + other[index]!, value));

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
