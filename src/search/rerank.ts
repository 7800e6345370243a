/** Re-ranking by the matching head, which reads an image and a text together. */
import type { Abortable, CallOptions } from "../base/call-options.js";
import { readPlace } from "../data/formats/read-place.js";
import { SampleError, SourceError } from "../data/formats/source-error.js";
import { type DecodeOptions, decodeImage } from "../data/image/decode.js";
import { isBlank } from "../data/text/blank.js";
import { ImageError } from "../data/image/image-error.js";
import type { Image } from "../data/image/image.js";
import type { Query } from "./query.js";
import type { Hit, VectorKind } from "./vector-index.js";

/** Which hits are matched. Progress is in hits. */
export interface RerankOptions extends CallOptions {
  /** What was searched; default: "image". */
  readonly kind?: VectorKind;
  /** Number of hits to match; default: all of them. */
  readonly first?: number;
  /** How images are decoded. */
  readonly decode?: DecodeOptions;
}

/** A hit that the matching head has seen, if its image could be read. */
export interface MatchedHit extends Hit {
  /** The probability that image and text match. */
  readonly match?: number;
  /** Why its image, or its text, could not be read. */
  readonly fault?: string;
}

/** What reads images and texts together, such as the embedder of a loaded `Flava`: N of both to N probabilities. */
export interface PairMatcher<I = Image> {
  /** The probability that each image matches the text at the same index, from 0 to 1. */
  match(
    images: readonly (I | Image)[],
    texts: readonly string[],
    options: Abortable,
  ): Promise<ArrayLike<number>>;
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
export async function rerank<I extends object = Image>(
  matcher: PairMatcher<NoInfer<I>>,
  query: Query<I>,
  hits: readonly Hit[],
  { kind = "image", first = hits.length, decode, signal, onProgress }: RerankOptions = {},
): Promise<MatchedHit[]> {
  requireMatchable(query, kind);
  const { text, image } = query;
  const matched: MatchedHit[] = [];
  const chosen = hits.slice(0, first);
  for (let next = 0; next < chosen.length; next += pairsAtOnce) {
    const some = chosen.slice(next, next + pairsAtOnce);
    const pairs = await Promise.all(
      some.map(async (hit): Promise<Pair<I>> =>
        kind === "image" ? pairOf(hit, text!, decode) : { hit, image, ...textOf(hit) },
      ),
    );
    const whole = pairs.filter((pair) => pair.image && pair.text !== undefined);
    const probabilities = await matcher.match(
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

/** @throws TypeError if the query has nothing that hits of a kind can be matched with */
export function requireMatchable({ text, image }: Query<object>, kind: VectorKind): void {
  if ((kind === "image" ? text : image) !== undefined) return;
  throw new TypeError(
    kind === "image"
      ? "Images are re-ranked by how they match a text: give one with the query."
      : "Texts are re-ranked by how they match an image: give one with the query.",
  );
}

interface Pair<I> {
  readonly hit: Hit;
  readonly image?: I | Image | undefined;
  readonly text?: string | undefined;
  readonly fault?: string;
}

/** The text of a hit, which an index may have although it says nothing. */
const textOf = ({ text }: Hit): Pick<Pair<never>, "text" | "fault"> =>
  text !== undefined && isBlank(text) ? { fault: "its text is blank" } : { text };

async function pairOf(
  hit: Hit,
  text: string,
  decode: DecodeOptions | undefined,
): Promise<Pair<never>> {
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
  if (found) return readPlace(found, { key });
  const message = `the index does not say where the image of ${key} is`;
  return Promise.reject(new SampleError(key, "missing", message));
}
