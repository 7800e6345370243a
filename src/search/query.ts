/** Queries: a text, an image, both together, and what is not wanted. */
import type { CallOptions } from "../base/call-options.js";
import type { Image } from "../data/image/image.js";
import { isBlank } from "../data/text/blank.js";
import { rowOf } from "../inference/similarity.js";

/** What to search for: a text, an image, or an image with a text that changes it ("like this, but red"). */
export interface Query<I = Image> {
  /** What the hits should show or say. */
  readonly text?: string;
  /** What the hits should look like: a decoded image (`decodeImage` of `flava/data`). */
  readonly image?: I;
  /** Texts that the hits are to be unlike. */
  readonly without?: readonly string[];
  /** Share of the image where there is also a text, from 0 to 1. Default: 0.5. */
  readonly imageWeight?: number;
}

/** What embeds the parts of queries, such as the embedder of a loaded `Flava`: N texts or images to [N, D]. */
export interface QueryEmbedder<I = Image> {
  /** Numbers in an embedding: D. */
  readonly width: number;
  /** Unit-length embeddings of texts: float32 [N, D]. */
  texts(texts: readonly string[], options: CallOptions): Promise<Float32Array>;
  /** Unit-length embeddings of images: float32 [N, D]. */
  images(images: readonly I[], options: CallOptions): Promise<Float32Array>;
}

/** How much an unwanted text counts, where the wanted ones together count 1. */
const withoutWeight = 0.5;

/**
 * The vector of each query, float32 [D] of length 1: the weighted sum of the embeddings of its text and image, less half of
 * those of the unwanted texts. Progress is in texts and images.
 *
 * @param embedder such as `flava.embedder` of a loaded `Flava`
 * @throws TypeError if a query has neither a text nor an image; RangeError if a text is blank
 */
export async function embedQueries<I extends object = Image>(
  embedder: QueryEmbedder<I>,
  queries: readonly Query<I>[],
  { signal, onProgress }: CallOptions = {},
): Promise<Float32Array[]> {
  const { width } = embedder;
  const terms = queries.flatMap((query, index) => termsOf(query, index));
  const texts = terms.flatMap(({ of }) => (typeof of === "string" ? of : []));
  const images = terms.flatMap(({ of }) => (typeof of === "string" ? [] : of));
  const after = (before: number): CallOptions => ({
    signal,
    onProgress: (done) => onProgress?.(before + done, terms.length),
  });
  const textVectors = await embedder.texts(texts, after(0));
  const imageVectors = await embedder.images(images, after(texts.length));
  const sums = queries.map(() => new Float32Array(width));
  let [nextText, nextImage] = [0, 0];
  for (const { query, of, weight } of terms) {
    const vector =
      typeof of === "string"
        ? rowOf(textVectors, nextText++, width)
        : rowOf(imageVectors, nextImage++, width);
    for (const [i, x] of vector.entries()) sums[query]![i]! += weight * x;
  }
  return sums.map(normalized);
}

interface Term<I> {
  /** Index of the query. */
  readonly query: number;
  readonly of: string | I;
  readonly weight: number;
}

function termsOf<I>(
  { text, image, without = [], imageWeight = 0.5 }: Query<I>,
  query: number,
): Term<I>[] {
  if (text === undefined && image === undefined) {
    throw new TypeError("A query needs a text or an image; unwanted texts alone find nothing.");
  }
  if ([text, ...without].some((one) => one !== undefined && isBlank(one))) {
    throw new RangeError("A text of the query is blank: leave it out, or say what is to be seen.");
  }
  if (!(imageWeight >= 0 && imageWeight <= 1)) {
    throw new RangeError(`Expected a weight of the image from 0 to 1, but got ${imageWeight}.`);
  }
  const share = text !== undefined && image ? imageWeight : image ? 1 : 0;
  return [
    ...(text === undefined ? [] : [{ query, of: text, weight: 1 - share }]),
    ...(image ? [{ query, of: image, weight: share }] : []),
    ...without.map((of) => ({ query, of, weight: -withoutWeight / without.length })),
  ];
}

function normalized(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return length > 0 ? vector.map((x) => x / length) : vector;
}
