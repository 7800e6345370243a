/** Compares two models on the same items (paired bootstrap). */
import { counted } from "../base/counted.js";
import { type Key, foldIn, keyOf } from "../base/random.js";
import { type Interval, type IntervalOptions, bootstrap, bootstrapMetric } from "./bootstrap.js";
import type { ClassificationEvaluation, Evaluation } from "./evaluate.js";
import type { RetrievalEvaluation } from "./evaluators/retrieval.js";
import { type Numbers, hitsWithin, mean, meanPerClass } from "./metrics.js";

/** How two models differ in a measure. */
export interface Difference {
  /** The measure, such as "top-1 accuracy". */
  readonly name: string;
  /** That of the first model, a fraction from 0 to 1. */
  readonly first: number;
  /** That of the second model. */
  readonly second: number;
  /** First minus second. The interval is that of the differences of each item, which both models share. */
  readonly difference: Interval;
}

/** Hits of each item, or of each query. */
interface Hits {
  readonly name: string;
  readonly hits: Numbers;
  readonly clusters?: Numbers;
}

/**
 * The differences between two evaluations of the same set.
 * @throws RangeError if they are not of the same samples, or of masked words of models with other vocabularies
 */
export function compareEvaluations(
  first: Evaluation,
  second: Evaluation,
  { key = keyOf(0) }: Pick<IntervalOptions, "key"> = {},
): Difference[] {
  const sameKeys =
    first.kind === second.kind && JSON.stringify(first.keys) === JSON.stringify(second.keys);
  if (!sameKeys) {
    throw new RangeError(
      `Only evaluations of the same samples can be compared, but these are of ${first.set.name} (${counted(first.keys.length, "sample")}) ` +
        `and ${second.set.name} (${counted(second.keys.length, "sample")}).`,
    );
  }
  const others = hitsOf(second);
  requireSameItems(hitsOf(first), others);
  const differences = hitsOf(first).map(({ name, hits, clusters }, index) => {
    const other = others[index]!.hits;
    const gains = Float64Array.from(hits, (hit, item) => hit - other[item]!);
    return {
      name,
      first: mean(hits),
      second: mean(other),
      difference: bootstrap(gains, foldIn(key, name), clusters && { clusters }),
    };
  });
  if (!("labels" in first) || !("labels" in second)) return differences;
  return [...differences, perClassDifference(first, second, key)];
}

/** @throws RangeError if measures are of other items, as hidden pieces are of models with other vocabularies */
function requireSameItems(first: readonly Hits[], second: readonly Hits[]): void {
  const itemsOf = (all: readonly Hits[]): unknown[] =>
    all.map(({ name, hits, clusters = [] }) => [name, hits.length, Array.from(clusters)]);
  if (JSON.stringify(itemsOf(first)) === JSON.stringify(itemsOf(second))) return;
  throw new RangeError(
    "The models were asked different questions about these samples, which cannot be compared one by one: their vocabularies cut " +
      "texts into other pieces, of which others are hidden. Evaluate each by itself.",
  );
}

function perClassDifference(
  first: ClassificationEvaluation,
  second: ClassificationEvaluation,
  key: Key,
): Difference {
  const { labels } = first;
  const name = "mean per class accuracy";
  const [hits, others] = [first, second].map(({ result }) => hitsWithin(result.ranks, 1));
  const gain = (items: Int32Array): number =>
    meanPerClass(hits!, labels, items) - meanPerClass(others!, labels, items);
  const difference = bootstrapMetric(labels.length, gain, foldIn(key, name));
  return {
    name,
    first: meanPerClass(hits!, labels),
    second: meanPerClass(others!, labels),
    difference,
  };
}

function hitsOf(evaluation: Evaluation): Hits[] {
  if ("measures" in evaluation) {
    return evaluation.measures.map(({ name, scores, clusters }) => ({
      name,
      hits: scores,
      clusters,
    }));
  }
  if (evaluation.kind === "retrieval") return retrievalHits(evaluation);
  const { ranks } = evaluation.result;
  return [1, 5].map((k) => ({ name: `top-${k} accuracy`, hits: hitsWithin(ranks, k) }));
}

function retrievalHits({ result, relation }: RetrievalEvaluation): Hits[] {
  const imageOf = relation.imagesOf.map((own) => own[0]!);
  const directions = [
    { name: "image to text", ...result.imageToText, clusters: undefined },
    { name: "text to image", ...result.textToImage, clusters: imageOf },
  ];
  return directions.flatMap(({ name, ranks, clusters }) => {
    const queries = [...ranks.keys()].filter((query) => ranks[query]! >= 0);
    const own = queries.map((query) => ranks[query]!);
    return [1, 5, 10].map((k) => ({
      name: `${name}, R@${k}`,
      hits: hitsWithin(own, k),
      ...(clusters && { clusters: Int32Array.from(queries, (query) => clusters[query]!) }),
    }));
  });
}
