import type { Packages } from "../packages.js";
import { share } from "../seeded.js";
import { bookSplits, kingJamesVerses, worldEnglishVerses } from "../text/bible.js";
import { ProseSieve, words } from "../text/prose.js";
import type { Verse } from "../text/sword.js";
import type { TextExample, TextSet } from "./text-set.js";

export const paraphraseSet: TextSet = {
  name: "paraphrase",
  task: "Do two verses, one of the King James bible and one of the World English Bible, say the same?",
  analogue: "MRPC, QQP",
  source: "packages bible-kjv-text and sword-text-web",
  license: "public domain",
  splitRule: "by book, a tenth of the books for dev and for test",
  note:
    "False pairs: of the three verses before and after, the one that shares most words with the first text. " +
    "Chronicles and Kings, and the gospels, tell some things in nearly the same words in several splits. " +
    "Counting common words alone is right for nine pairs of ten.",
};

/** One pair for each verse that both have, true or false by a hash of its place; none if a package is missing. */
export async function paraphraseExamples(packages: Packages): Promise<readonly TextExample[]> {
  const [kingJames, worldEnglish] = [new Map<string, Verse>(), new Map<string, Verse>()];
  for await (const verse of kingJamesVerses(packages)) kingJames.set(placeOf(verse), verse);
  for await (const verse of worldEnglishVerses(packages)) worldEnglish.set(placeOf(verse), verse);
  const sieve = new ProseSieve();
  return [...kingJames.values()].flatMap((verse) => {
    const example = versePair(verse, worldEnglish);
    const isNew = example && sieve.isNew(`${example.sentence} ${example.sentence2 ?? ""}`);
    return isNew ? [example] : []; // some verses occur in two books
  });
}

function placeOf({ book, chapter, verse }: Omit<Verse, "text">, step = 0): string {
  return `${book} ${chapter}:${verse + step}`;
}

/** The verse with its own translation or with a neighbor's; undefined for missing, short or long verses. */
export function versePair(
  verse: Verse,
  translations: ReadonlyMap<string, Verse>,
): TextExample | undefined {
  const split = bookSplits.get(verse.book);
  const own = translations.get(placeOf(verse));
  if (split === undefined || !own || !fits(verse.text) || !fits(own.text)) return undefined;
  const isTrue = share(`paraphrase/${placeOf(verse)}`) < 0.5;
  if (isTrue) return { sentence: verse.text, sentence2: own.text, label: "paraphrase", split };
  const neighbors = [-3, -2, -1, 1, 2, 3]
    .map((step) => translations.get(placeOf(verse, step)))
    .filter((other): other is Verse => other !== undefined && fits(other.text));
  if (neighbors.length === 0) return undefined;
  const nearest = neighbors.reduce((best, other) =>
    overlap(verse.text, other.text) > overlap(verse.text, best.text) ? other : best,
  );
  return { sentence: verse.text, sentence2: nearest.text, label: "other", split };
}

function fits(text: string): boolean {
  const count = words(text).length;
  return count >= 6 && count <= 80;
}

/** The share of distinct words common to two texts (Jaccard). */
export function overlap(first: string, second: string): number {
  const sets = [first, second].map(
    (text) => new Set(text.toLowerCase().match(/[a-z]+/g) ?? []),
  ) as [Set<string>, Set<string>];
  const common = [...sets[0]].filter((word) => sets[1].has(word)).length;
  return common / Math.max(1, sets[0].size + sets[1].size - common);
}
