/** Texts as the words that occur in them, in any order: features without a model. */
import type { LabeledSample } from "../../data/labeled-sample.js";
import { wordsIn } from "../../data/text/word-set.js";
import type { LabeledFeatures } from "../probe/labeled-features.js";

/** Words that are counted at most: the most frequent ones. */
const mostWords = 1000;

type Texts = Pick<LabeledSample, "text" | "textPair">;

export class BagOfWords {
  /** The column of each feature. */
  readonly #columns: ReadonlyMap<string, number>;

  /** Finds the features that occur in most of the training texts. */
  constructor(training: readonly Texts[]) {
    const counts = new Map<string, number>();
    for (const texts of training)
      for (const name of featuresOf(texts).keys()) counts.set(name, (counts.get(name) ?? 0) + 1);
    const frequent = [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
    this.#columns = new Map(frequent.slice(0, mostWords).map(([name], column) => [name, column]));
  }

  /**
   * The features of texts, which are written out a block at a time.
   * @param labels the class of each text
   */
  of(texts: readonly Texts[], labels: Int32Array): LabeledFeatures {
    const width = Math.max(1, this.#columns.size);
    const rows = texts.map((each) => {
      const known = [...featuresOf(each)].flatMap(([name, value]) => {
        const column = this.#columns.get(name);
        return column === undefined ? [] : [{ column, value }];
      });
      return {
        columns: Int32Array.from(known, ({ column }) => column),
        values: Float32Array.from(known, ({ value }) => value),
      };
    });
    return {
      width,
      labels,
      read: (first, target) => {
        target.fill(0);
        for (let row = 0; row < target.length / width; row++) {
          const { columns, values } = rows[first + row]!;
          for (const [place, column] of columns.entries())
            target[row * width + column] = values[place]!;
        }
        return Promise.resolve();
      },
    };
  }
}

/**
 * The features of a text: which words it has. Those of a pair: which words are in the first text alone, in the second alone,
 * and in both, and how many of all words these are.
 */
function featuresOf({ text = "", textPair }: Texts): Map<string, number> {
  const first = wordsIn(text);
  if (textPair === undefined) return new Map([...first].map((word) => [word, 1]));
  const second = wordsIn(textPair);
  const shared = [...first].filter((word) => second.has(word));
  const all = new Set([...first, ...second]);
  const placed = [...all].map((word): [string, number] => {
    const place = !second.has(word) ? "first" : first.has(word) ? "both" : "second";
    return [`${place} ${word}`, 1];
  });
  return new Map([...placed, ["share in both", shared.length / Math.max(1, all.size)]]);
}
