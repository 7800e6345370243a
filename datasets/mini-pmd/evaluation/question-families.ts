/** Questions whose answer is in the name of an icon, or in the color given to it. */
import { styleOf } from "./icon-style.js";
import type { BuiltPair } from "./built-pairs.js";

export interface Asked {
  readonly family: QuestionFamily;
  /** The subject of the question, if it names one: "bell". */
  readonly subject?: string;
  readonly answer: string;
}

/** The wordings of a family; "{}" is the subject. Test wordings are never used in training. */
export const wordings = {
  "crossed out": {
    train: [
      "is the {} crossed out?",
      "does a line go through the {}?",
      "is there a slash over the {}?",
    ],
    test: "has the {} been struck through?",
  },
  sign: {
    train: ["which sign is added?", "what sign does the icon carry?", "which small sign is there?"],
    test: "what is the sign that was added to this icon?",
  },
  arrow: {
    train: [
      "which way does the arrow point?",
      "where does it point?",
      "in which direction is the arrow?",
    ],
    test: "what direction is this arrow pointing to?",
  },
  style: {
    train: [
      "is the icon outline, filled or duotone?",
      "how is it drawn: outline, filled or duotone?",
    ],
    test: "what is the style of this icon: outline, filled or duotone?",
  },
  number: {
    train: ["which number is it?", "what number is shown?", "which digit can be read?"],
    test: "what is the number in this picture?",
  },
  color: {
    train: ["which colour is the icon?", "what colour is it?", "in which colour is it drawn?"],
    test: "what is the colour of this picture?",
  },
  object: {
    train: ["what is it?", "what does the icon show?", "which thing is this?"],
    test: "what can be seen in this picture?",
  },
} as const satisfies Readonly<
  Record<string, { readonly train: readonly string[]; readonly test: string }>
>;

export type QuestionFamily = keyof typeof wordings;

const signs: Readonly<Record<string, string>> = {
  plus: "plus",
  add: "plus",
  minus: "minus",
  remove: "minus",
  check: "check",
  x: "cross",
  lock: "lock",
};
const directions = new Set(["up", "down", "left", "right"]);
const digits = "zero one two three four five six seven eight nine".split(" ");

/**
 * The questions answered by the names of `pair`.
 * @param isThing whether a concept is drawn without the word that the question is about, such as "bell" for "bell slash"
 * @param isClass whether the concept is a possible answer to "what is it?"
 */
export function questionsOn(
  pair: BuiltPair,
  isThing: (concept: string) => boolean,
  isClass: (concept: string) => boolean,
): Asked[] {
  const { concept, color } = pair.fields;
  const words = concept.split(" ");
  const last = words.at(-1) ?? "";
  const rest = words.slice(0, -1).join(" ");
  const asked: Asked[] = [];
  if (["slash", "off"].includes(last) && isThing(rest))
    asked.push({ family: "crossed out", subject: rest, answer: "yes" });
  else if (!words.includes("slash") && !words.includes("off"))
    asked.push({ family: "crossed out", subject: concept, answer: "no" });
  const sign = signs[last];
  if (sign !== undefined && isThing(rest)) asked.push({ family: "sign", answer: sign });
  if (words.length === 2 && words[0] === "arrow" && directions.has(last))
    asked.push({ family: "arrow", answer: last });
  const style = styleOf(pair);
  if (style !== undefined) asked.push({ family: "style", answer: style });
  const number = numberIn(words);
  if (number !== undefined) asked.push({ family: "number", answer: number });
  if (color !== undefined) asked.push({ family: "color", answer: color });
  if (isClass(concept)) asked.push({ family: "object", answer: concept });
  return asked;
}

/** "number circle one", "number 3", "numeric 7 box": the digit. */
function numberIn(words: readonly string[]): string | undefined {
  if (!["number", "numeric"].includes(words[0] ?? "")) return undefined;
  const found = words.slice(1).flatMap((word) => {
    if (/^\d$/.test(word)) return [word];
    const digit = digits.indexOf(word);
    return digit < 0 ? [] : [String(digit)];
  });
  return found.length === 1 ? found[0] : undefined;
}
