/** Examples of an evaluation, drawn at random from a key. */
import type { Backend } from "../backend/backend.js";
import { type Key, foldIn, uniformAt } from "../base/random.js";
import { chosenRows, nearestCandidates } from "../inference/similarity.js";
import type { ClassificationEvaluation } from "../eval/evaluate.js";
import type { RetrievalEvaluation } from "../eval/evaluators/retrieval.js";

/** An image with its predicted and its true class. */
export interface ClassifiedImage {
  readonly key: string;
  readonly label: string;
  readonly predicted: string;
}

/** A text with the images found for it, best first. */
interface FoundImages {
  readonly text: string;
  readonly found: readonly FoundImage[];
}

interface FoundImage {
  readonly key: string;
  /** The image's first text, or its key if it has none. */
  readonly name: string;
  readonly isRight: boolean;
}

/** An image with the texts found for it, best first. */
interface FoundTexts {
  readonly key: string;
  readonly found: readonly { readonly text: string; readonly isRight: boolean }[];
}

const [imageCount, queryCount, candidateCount] = [12, 8, 5];

/** Images drawn among all, whether classified correctly or not: at most 12. */
export function exampleImages(evaluation: ClassificationEvaluation, key: Key): ClassifiedImage[] {
  return draw([...evaluation.keys.keys()], imageCount, key).map((index) =>
    classified(evaluation, index),
  );
}

/** Images that were classified correctly, and others that were not: at most 12 of each. */
export function exampleClassifications(
  evaluation: ClassificationEvaluation,
  key: Key,
): { readonly right: ClassifiedImage[]; readonly wrong: ClassifiedImage[] } {
  const { keys, result } = evaluation;
  const some = (isRight: boolean): ClassifiedImage[] =>
    draw(
      [...keys.keys()].filter((index) => (result.ranks[index] === 0) === isRight),
      imageCount,
      key,
    ).map((index) => classified(evaluation, index));
  return { right: some(true), wrong: some(false) };
}

function classified(
  { set, keys, labels, result }: ClassificationEvaluation,
  index: number,
): ClassifiedImage {
  return {
    key: keys[index]!,
    label: set.classes[labels[index]!]!,
    predicted: set.classes[result.predicted[index]!]!,
  };
}

/** Queries in both directions with their five best candidates: at most 8 of each. */
export async function exampleSearches(
  backend: Backend,
  { keys, images, texts, relation, result }: RetrievalEvaluation,
  width: number,
  key: Key,
  signal?: AbortSignal,
): Promise<{ readonly texts: FoundImages[]; readonly images: FoundTexts[] }> {
  const drawQueries = (ranks: Int32Array): number[] =>
    draw(
      [...ranks.keys()].filter((query) => ranks[query]! >= 0),
      queryCount,
      key,
    );
  const search = (queries: readonly number[], from: Float32Array, among: Float32Array) =>
    nearestCandidates(
      backend,
      chosenRows(from, queries, width),
      among,
      width,
      candidateCount,
      signal,
    );
  const textQueries = drawQueries(result.textToImage.ranks);
  const imageQueries = drawQueries(result.imageToText.ranks);
  const foundImages = await search(textQueries, texts, images);
  const foundTexts = await search(imageQueries, images, texts);
  return {
    texts: textQueries.map((query, index) => ({
      text: relation.texts[query]!,
      found: foundImages[index]!.map((found) => ({
        key: keys[found]!,
        name: relation.texts[relation.textsOf[found]?.[0] ?? -1] ?? keys[found]!,
        isRight: relation.imagesOf[query]!.includes(found),
      })),
    })),
    images: imageQueries.map((query, index) => ({
      key: keys[query]!,
      found: foundTexts[index]!.map((found) => ({
        text: relation.texts[found]!,
        isRight: relation.textsOf[query]!.includes(found),
      })),
    })),
  };
}

/** At most `count` of the items, in order. */
function draw(items: readonly number[], count: number, key: Key): number[] {
  const own = foldIn(key, "examples");
  const lots = new Map(items.map((item) => [item, uniformAt(own, item)]));
  const drawn = [...items].sort((a, b) => lots.get(a)! - lots.get(b)!).slice(0, count);
  return drawn.sort((a, b) => a - b);
}
