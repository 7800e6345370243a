/** Image-to-text and text-to-image retrieval by embeddings (flava.md 8.2). */
import type { Backend } from "../backend/backend.js";
import { type Key, foldIn, keyOf } from "../base/random.js";
import { countOf, similaritiesOfEach } from "../inference/similarity.js";
import { type Interval, type IntervalOptions, bootstrap } from "./bootstrap.js";
import { hitsWithin, median, rankOf } from "./metrics.js";
import type { DescribedImage, Relation } from "./relation.js";

/** Embeddings of images and texts, and which of them match. */
export interface RetrievalInputs {
  /** Each with its texts. */
  readonly images: readonly DescribedImage[];
  /** What `relate(images)` gives. */
  readonly relation: Relation;
  /** Image embeddings, float32 [N, width]. */
  readonly imageVectors: Float32Array;
  /** Embeddings of the relation's distinct texts, float32 [T, width]. */
  readonly textVectors: Float32Array;
  /** Numbers in an embedding. */
  readonly width: number;
}

/** Recall at k: the fraction of queries with a right candidate among the first k. */
export interface Recall {
  /** Of the first candidate alone. */
  readonly at1: Interval;
  /** Of the first five. */
  readonly at5: Interval;
  /** Of the first ten. */
  readonly at10: Interval;
  /** Median rank of the best right candidate; 1 is the first. */
  readonly medianRank: number;
  /** Recall at 1, 5 and 10 of random guessing. */
  readonly chance: readonly [number, number, number];
}

/** Recall of queries in one direction. */
export interface Direction {
  /** Of all queries. */
  readonly all: Recall;
  /** Of queries of kinds that were seen in training, among all candidates, if the set distinguishes them. */
  readonly seen?: Recall;
  /** Of queries of other kinds, likewise. */
  readonly unseen?: Recall;
  /** For each query, the number of wrong candidates that score at least as high as the best right one. */
  readonly ranks: Int32Array;
  /** Number of candidates. */
  readonly candidates: number;
}

/** Recall in both directions. */
export interface RetrievalResult {
  /** From an image to its texts, among all distinct texts. */
  readonly imageToText: Direction;
  /** From a text to its images, among all images. */
  readonly textToImage: Direction;
}

/**
 * Recall in both directions, by exact search. Each distinct text is a candidate and a query once; an image without
 * texts is only a candidate. Ties count against the model. The texts of an image form one cluster of the interval.
 */
export async function retrieve(
  backend: Backend,
  { images, relation, imageVectors, textVectors, width }: RetrievalInputs,
  { key = keyOf(0), signal }: IntervalOptions = {},
): Promise<RetrievalResult> {
  const counts = [countOf(imageVectors, width), countOf(textVectors, width)];
  if (counts[0] !== images.length || counts[1] !== relation.texts.length) {
    throw new RangeError(
      `Expected a vector for each of ${images.length} images and ${relation.texts.length} distinct texts, but got ` +
        `${counts.join(" and ")}.`,
    );
  }
  const ranksAmong = (queries: Float32Array, candidates: Float32Array, right: Right) =>
    allRanks(similaritiesOfEach(backend, queries, candidates, width, signal), right);
  const seenText = relation.imagesOf.map((own) => anySeen(images, own));
  return {
    imageToText: summarize(foldIn(key, "image to text"), {
      ranks: await ranksAmong(imageVectors, textVectors, relation.textsOf),
      right: relation.textsOf,
      candidates: relation.texts.length,
      clusters: [...images.keys()],
      seen: images.map(({ seen }) => seen),
    }),
    textToImage: summarize(foldIn(key, "text to image"), {
      ranks: await ranksAmong(textVectors, imageVectors, relation.imagesOf),
      right: relation.imagesOf,
      candidates: images.length,
      clusters: relation.imagesOf.map((own) => own[0]!),
      seen: seenText,
    }),
  };
}

/** For each query, the indices of the right candidates. */
type Right = readonly Int32Array[];

/** The rank of each query; -1 if it has no right candidate. */
async function allRanks(
  similarities: ReturnType<typeof similaritiesOfEach>,
  right: Right,
): Promise<Int32Array> {
  const ranks = new Int32Array(right.length).fill(-1);
  for await (const { query, scores } of similarities) {
    const own = right[query]!;
    if (own.length > 0) ranks[query] = rankOf(scores, own);
  }
  return ranks;
}

/** A text is of a seen kind if any of its images is. */
function anySeen(images: readonly DescribedImage[], own: Int32Array): boolean | undefined {
  const known = Array.from(own, (index) => images[index]?.seen).filter(
    (seen) => seen !== undefined,
  );
  return known.length === 0 ? undefined : known.includes(true);
}

interface Ranked {
  readonly ranks: Int32Array;
  readonly right: Right;
  readonly candidates: number;
  /** The cluster of each query; queries in one cluster are not independent. */
  readonly clusters: readonly number[];
  readonly seen: readonly (boolean | undefined)[];
}

function summarize(key: Key, ranked: Ranked): Direction {
  const { ranks, seen, candidates } = ranked;
  const queries = [...ranks.keys()].filter((query) => ranks[query]! >= 0);
  if (queries.length === 0) {
    throw new RangeError(
      "No image has a text. Retrieval needs images with texts; zero-shot classification needs one folder per class, " +
        "or a classes.json beside the images.",
    );
  }
  const part = (name: string, value: boolean): Partial<Record<string, Recall>> => {
    const own = queries.filter((query) => seen[query] === value);
    return own.length === 0 ? {} : { [name]: recallOf(foldIn(key, name), ranked, own) };
  };
  return {
    all: recallOf(foldIn(key, "all"), ranked, queries),
    ...part("seen", true),
    ...part("unseen", false),
    ranks,
    candidates,
  };
}

function recallOf(key: Key, ranked: Ranked, queries: readonly number[]): Recall {
  const ranks = queries.map((query) => ranked.ranks[query]!);
  const clusters = queries.map((query) => ranked.clusters[query]!);
  const at = (k: number): Interval => bootstrap(hitsWithin(ranks, k), foldIn(key, k), { clusters });
  const chance = (k: number): number =>
    queries.reduce(
      (sum, query) => sum + chanceOfHit(ranked.right[query]!.length, ranked.candidates, k),
      0,
    ) / queries.length;
  return {
    at1: at(1),
    at5: at(5),
    at10: at(10),
    medianRank: median(ranks) + 1,
    chance: [chance(1), chance(5), chance(10)],
  };
}

/** The probability that any of the `right` candidates is among `k` drawn from `candidates` without replacement. */
function chanceOfHit(right: number, candidates: number, k: number): number {
  let missed = 1;
  for (let drawn = 0; drawn < Math.min(k, candidates); drawn++) {
    missed *= Math.max(0, candidates - right - drawn) / (candidates - drawn);
  }
  return 1 - missed;
}
