import { wordsIn } from "../text/word-set.js";

/**
 * Of texts that are none of an image's own, the one that shares the largest part of its words with the text that it
 * replaces: the hardest to tell from it. A text that says only part of the other may be right as well; it is the last choice.
 * Ties go to the first.
 *
 * @param own texts of the image
 * @returns undefined if all `others` are among its own
 */
export function mostAlike(
  text: string,
  others: readonly string[],
  own: readonly string[],
): string | undefined {
  const words = wordsIn(text);
  let best: string | undefined;
  let most = -Infinity;
  for (const other of others) {
    if (own.includes(other)) continue;
    const likeness = likenessOf(words, wordsIn(other));
    if (likeness > most) [best, most] = [other, likeness];
  }
  return best;
}

/** The part of all words that both texts have, from 0 to 1; -1 if all words of one text are in the other. */
function likenessOf(words: ReadonlySet<string>, others: ReadonlySet<string>): number {
  const shared = [...others].filter((word) => words.has(word)).length;
  const fewest = Math.min(words.size, others.size);
  return shared === fewest ? -1 : shared / (words.size + others.size - shared);
}
