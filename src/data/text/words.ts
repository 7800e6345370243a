import { BertPreTokenizer } from "./library.js";
import { type Normalization, normalize } from "./normalize.js";

/** Length in characters above which words become [UNK], as in BERT. */
export const longestWord = 100;

const preTokenizer = new BertPreTokenizer();

/** The normalized words of a text: split at spaces, with each punctuation character on its own. */
export function wordsOf(text: string, normalization: Normalization): string[] {
  return preTokenizer.pre_tokenize_text(normalize(text, normalization));
}
