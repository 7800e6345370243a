/** A few items of an evaluation to look at, drawn at random but always the same. */
import type { Backend } from "../backend/backend.js";
import { type Key, foldIn, uniformAt } from "../base/random.js";
import { chosenRows } from "../inference/similarity.js";
import type { ClassificationEvaluation, RetrievalEvaluation } from "../eval/evaluate.js";
import { bestCandidates } from "../eval/retrieval.js";

/** A picture with the class given to it and its own. */
interface ClassifiedPicture {
  readonly key: string;
  readonly label: string;
  readonly predicted: string;
}

/** A text with the pictures found for it, the best first. */
interface FoundPictures {
  readonly text: string;
  readonly found: readonly FoundPicture[];
}

interface FoundPicture {
  readonly key: string;
  /** What it is called: its plainest text, or its key where it has none. */
  readonly called: string;
  readonly isRight: boolean;
}

/** A picture with the texts found for it, the best first. */
interface FoundTexts {
  readonly key: string;
  readonly found: readonly { readonly text: string; readonly isRight: boolean }[];
}

const [mostPictures, mostQueries, mostFound] = [12, 8, 5];

/** Pictures that were classified rightly, and others that were not: at most 12 of each. */
export function exampleClassifications(
  { set, keys, labels, result }: ClassificationEvaluation,
  key: Key,
): { readonly right: ClassifiedPicture[]; readonly wrong: ClassifiedPicture[] } {
  const show = (index: number): ClassifiedPicture => ({
    key: keys[index]!,
    label: set.classes[labels[index]!]!,
    predicted: set.classes[result.predicted[index]!]!,
  });
  const some = (isRight: boolean): ClassifiedPicture[] =>
    draw(
      [...keys.keys()].filter((index) => (result.ranks[index] === 0) === isRight),
      mostPictures,
      key,
    ).map(show);
  return { right: some(true), wrong: some(false) };
}

/** Queries in both directions with their five best candidates: at most 8 of each. */
export async function exampleSearches(
  backend: Backend,
  { keys, images, texts, relation, result }: RetrievalEvaluation,
  width: number,
  key: Key,
): Promise<{ readonly texts: FoundPictures[]; readonly pictures: FoundTexts[] }> {
  const asked = (ranks: Int32Array): number[] =>
    draw(
      [...ranks.keys()].filter((query) => ranks[query]! >= 0),
      mostQueries,
      key,
    );
  const search = (queries: readonly number[], from: Float32Array, among: Float32Array) =>
    bestCandidates(backend, chosenRows(from, queries, width), among, width, mostFound);
  const textQueries = asked(result.textToImage.ranks);
  const pictureQueries = asked(result.imageToText.ranks);
  const pictures = await search(textQueries, texts, images);
  const words = await search(pictureQueries, images, texts);
  return {
    texts: textQueries.map((query, index) => ({
      text: relation.texts[query]!,
      found: pictures[index]!.map((found) => ({
        key: keys[found]!,
        called: relation.texts[relation.textsOf[found]?.[0] ?? -1] ?? keys[found]!,
        isRight: relation.imagesOf[query]!.includes(found),
      })),
    })),
    pictures: pictureQueries.map((query, index) => ({
      key: keys[query]!,
      found: words[index]!.map((found) => ({
        text: relation.texts[found]!,
        isRight: relation.textsOf[query]!.includes(found),
      })),
    })),
  };
}

/** At most `most` of the items, in their order. */
function draw(items: readonly number[], most: number, key: Key): number[] {
  const own = foldIn(key, "examples");
  const lots = new Map(items.map((item) => [item, uniformAt(own, item)]));
  const drawn = [...items].sort((a, b) => lots.get(a)! - lots.get(b)!).slice(0, most);
  return drawn.sort((a, b) => a - b);
}
