import { BertPreTokenizer } from "./library.js";
import { type Normalization, normalize } from "./normalize.js";

/** Characters of the longest word that has pieces; longer words become [UNK], as BERT has it. */
export const longestWord = 100;

const preTokenizer = new BertPreTokenizer();

/** The words of a text, normalized: runs of characters between spaces, each punctuation character on its own. */
export function wordsOf(text: string, normalization: Normalization): string[] {
  return preTokenizer.pre_tokenize_text(normalize(text, normalization));
}
