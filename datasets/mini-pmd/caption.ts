/** Captions of drawn images, from the words of their source. */
import type { IsNoun } from "./nouns.js";

interface CaptionParts {
  /** Lower case, without words of style and size: "calendar". */
  readonly concept: string;
  /** Kind of image: "icon", "emoji", "logo". */
  readonly kind: string;
  /** "outline". */
  readonly style?: string;
  /** "Time & Date". */
  readonly category?: string;
  readonly tags?: readonly string[];
  /** Other names for the same image. */
  readonly others?: readonly string[];
}

const mostCaptions = 6;
const mostTags = 8;

/** Uninformative categories. */
const vague = /^(uncategori[sz]ed|general|misc(ellaneous)?|other|others|all|new|ui|basic|icons?)$/;

/** Three to six true captions, the plainest first, each at most about twenty words. */
export function captionsOf(parts: CaptionParts, isNoun: IsNoun): string[] {
  const { concept, kind, style, category } = parts;
  const words = new Set(concept.split(" "));
  const tags = (parts.tags ?? []).filter(
    (tag) => !words.has(tag) && tag !== concept && tag.length > 1,
  );
  const others = (parts.others ?? []).filter(
    (other) => other !== concept && other.split(" ").length <= 6,
  );
  const captions = [concept];
  if (tags.length > 0) captions.push(`${concept}: ${tags.slice(0, mostTags).join(", ")}`);
  if (style !== undefined) captions.push(`${concept}, ${style}`);
  captions.push(...others.slice(0, 2), imageOf(concept, kind, style, isNoun));
  const group = category === undefined ? "" : spaced(category);
  if (group !== "" && !vague.test(group) && group !== concept)
    captions.push(`${concept} (${group})`);
  if (captions.length < mostCaptions) captions.push(`${concept} ${kind}`);
  return [...new Set(captions)].slice(0, mostCaptions);
}

/** "an outline icon of a calendar" for a plain noun, "an outline log out icon" for anything else. */
function imageOf(concept: string, kind: string, style: string | undefined, isNoun: IsNoun): string {
  if (kind === "logo") return `the logo of ${concept}`;
  if (isNoun(concept)) {
    return `${withArticle(style === undefined ? kind : `${style} ${kind}`)} of ${withArticle(concept)}`;
  }
  return withArticle(style === undefined ? `${concept} ${kind}` : `${style} ${concept} ${kind}`);
}

/** "FoodDrink" and "Food_Drink" are "food drink". */
const spaced = (category: string): string =>
  category
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .replace(/[\s_]+/g, " ")
    .trim()
    .toLowerCase();

/** "a calendar", "an apple"; no article before an apparent plural. */
export function withArticle(words: string): string {
  if (/[^su]s$/.test(words)) return words;
  const isVowel = /^(?!one\b|eu|u(?:fo|sb|se|sa|k\b|ni(?!n)|til))[aeiou]/.test(words);
  return `${isVowel ? "an" : "a"} ${words}`;
}

/** Whether a concept is informative: not a code of one or two characters, a bare number, a hash, or an essay. */
export function isTelling(concept: string): boolean {
  return (
    /[a-z]{3}/.test(concept) &&
    concept.length <= 60 &&
    !/\b(?=[a-z]*\d)[0-9a-f]{8,}\b/.test(concept)
  );
}
