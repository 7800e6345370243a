/** Cuts documents into passages that fit a text encoder. */

/** In words. A passage below the minimum is left out, unless it is the only one. */
export const passageWords = { least: 60, most: 110 } as const;

/**
 * The passages of a document in paragraphs separated by blank lines. Whole paragraphs are joined while they fit; a paragraph
 * that is too long is cut between sentences, a sentence that is too long between words.
 */
export function passagesOf(text: string): string[] {
  const passages: string[] = [];
  let words: string[] = [];
  const finish = (): void => {
    if (words.length > 0) passages.push(words.join(" "));
    words = [];
  };
  const paragraphs = text.split(/\n\s*\n/).map((paragraph) => sentencesOf(paragraph));
  for (const sentences of paragraphs) {
    const length = sentences.reduce((sum, sentence) => sum + sentence.length, 0);
    if (words.length >= passageWords.least && words.length + length > passageWords.most) finish();
    for (const sentence of sentences) {
      if (words.length > 0 && words.length + sentence.length > passageWords.most) finish();
      for (const word of sentence) {
        if (words.length === passageWords.most) finish();
        words.push(word);
      }
    }
  }
  finish();
  return passages.filter(
    (passage, index) => index === 0 || passage.split(" ").length >= passageWords.least / 3,
  );
}

/** The sentences of a paragraph, each as its words. */
function sentencesOf(paragraph: string): string[][] {
  return paragraph
    .split(/(?<=[.!?]["')\]]?)\s+(?=["'(]?[A-Z0-9])/)
    .map((sentence) => sentence.split(/\s+/).filter((word) => word !== ""))
    .filter((sentence) => sentence.length > 0);
}
