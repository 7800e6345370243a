/** Re-ranking by the matching head, which reads an image and a text together. */
import type { CallOptions } from "../base/call-options.js";
import { readPlace } from "../data/formats/image-place.js";
import { SampleError, SourceError } from "../data/formats/source-error.js";
import { type DecodeOptions, decodeImage } from "../data/image/decode.js";
import { ImageError } from "../data/image/image-error.js";
import type { Image } from "../data/image/image.js";
import type { Embedder } from "../inference/embedder.js";
import type { Query } from "./query.js";
import type { Hit, VectorKind } from "./vector-index.js";

export interface RerankOptions extends CallOptions {
  /** What was searched; default: "image". */
  readonly kind?: VectorKind;
  /** Number of hits to match; default: all of them. */
  readonly first?: number;
  readonly decode?: DecodeOptions;
}

/** A hit that the matching head has seen, if its image could be read. */
export interface MatchedHit extends Hit {
  /** The probability that image and text match. */
  readonly match?: number;
  /** Why its image could not be read. */
  readonly fault?: string;
}

/** Pairs matched at a time: their images are in memory. */
const pairsAtOnce = 16;

/**
 * Puts the first hits of a search in the order in which they match the query, best first: images for a text, or texts for an
 * image. Hits whose image cannot be read come after them, then the others.
 *
 * @throws TypeError if the query has nothing that the hits can be matched with
 * @throws Error if the model has no matching head
 */
export async function rerank(
  embedder: Embedder,
  query: Query,
  hits: readonly Hit[],
  { kind = "image", first = hits.length, decode, signal, onProgress }: RerankOptions = {},
): Promise<MatchedHit[]> {
  const { text, image } = query;
  if ((kind === "image" ? text : image) === undefined) {
    throw new TypeError(
      kind === "image"
        ? "Images are re-ranked by how they match a text: give one with the query."
        : "Texts are re-ranked by how they match an image: give one with the query.",
    );
  }
  const matched: MatchedHit[] = [];
  const chosen = hits.slice(0, first);
  for (let next = 0; next < chosen.length; next += pairsAtOnce) {
    const some = chosen.slice(next, next + pairsAtOnce);
    const pairs = await Promise.all(
      some.map(async (hit): Promise<Pair> =>
        kind === "image" ? pairOf(hit, text!, decode) : { hit, image, text: hit.text },
      ),
    );
    const whole = pairs.filter((pair) => pair.image && pair.text !== undefined);
    const probabilities = await embedder.match(
      whole.map((pair) => pair.image!),
      whole.map((pair) => pair.text!),
      { signal },
    );
    const byHit = new Map(whole.map(({ hit }, i) => [hit, probabilities[i]!]));
    for (const { hit, fault } of pairs) {
      const match = byHit.get(hit);
      matched.push({
        ...hit,
        ...(match !== undefined && { match }),
        ...(fault !== undefined && { fault }),
      });
    }
    onProgress?.(matched.length, chosen.length);
  }
  matched.sort((a, b) => (b.match ?? -1) - (a.match ?? -1));
  return [...matched, ...hits.slice(first)];
}

interface Pair {
  readonly hit: Hit;
  readonly image?: Image | undefined;
  readonly text?: string | undefined;
  readonly fault?: string;
}

async function pairOf(hit: Hit, text: string, decode: DecodeOptions | undefined): Promise<Pair> {
  try {
    return { hit, text, image: await decodeImage(await imageOf(hit), decode) };
  } catch (error) {
    const isExpected = [ImageError, SampleError, SourceError].some((type) => error instanceof type);
    if (!isExpected) throw error;
    return { hit, fault: (error as Error).message };
  }
}

/**
 * The bytes of an entry's image.
 * @throws SampleError or SourceError if they cannot be read
 */
export function imageOf({
  key,
  path,
  place,
}: Pick<Hit, "key" | "path" | "place">): Promise<Buffer> {
  const found = place ?? (path === undefined ? undefined : { file: path });
  if (found) return readPlace(found, key);
  const message = `the index does not say where the image of ${key} is`;
  return Promise.reject(new SampleError(key, "missing", message));
}
