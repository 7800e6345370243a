/** Wrong texts for images, from those of other images of a set: from a stranger's to such that differ in one word. */
import { type Key, below, foldIn } from "../../base/random.js";
import type { Sample } from "../../data/sample.js";
import { wordsIn } from "../../data/text/word-set.js";

/** In order of difficulty. */
export const difficulties = [
  "a stranger's",
  "another concept's with the same words",
  "the same concept's in another style",
  "the same concept's in another color",
] as const;
export type Difficulty = (typeof difficulties)[number];

/** A text that is wrong for an image, and the right one to compare it with. */
export interface WrongText {
  readonly difficulty: Difficulty;
  readonly right: string;
  readonly wrong: string;
}

/** A sample, and what it says its image shows. */
interface Shown {
  readonly index: number;
  readonly texts: readonly string[];
  /** The field `concept`, or the first text. */
  readonly concept: string;
  readonly words: readonly string[];
  readonly family: unknown;
  readonly style: unknown;
  readonly color: unknown;
}

function shownBy({ texts, fields }: Sample, index: number): Shown {
  const { concept: named, family, style, color } = fields;
  const concept = (typeof named === "string" ? named : texts[0]!).toLowerCase();
  const words = [...wordsIn(concept)];
  return { index, texts, concept, words, family, style, color };
}

/** Whether the text of another sample is also one of the own texts. */
const isRight = (own: Shown, other: Shown): boolean => own.texts.includes(other.texts[0]!);

/** Finds wrong texts for the samples of a set, which have a text and an image of their own each. */
export class WrongTexts {
  readonly #all: readonly Shown[];
  readonly #byConcept = new Map<string, Shown[]>();
  readonly #byWord = new Map<string, Shown[]>();

  constructor(
    samples: readonly Sample[],
    private readonly key: Key,
  ) {
    this.#all = samples.map(shownBy);
    for (const shown of this.#all) {
      addTo(this.#byConcept, shown.concept, shown);
      for (const word of shown.words) addTo(this.#byWord, word, shown);
    }
  }

  /** Wrong texts for a sample: at most one of each difficulty, as the set has them. */
  of(index: number): WrongText[] {
    const own = this.#all[index]!;
    const right = own.texts[0]!;
    const others = [
      ["a stranger's", this.#stranger(own)],
      ["another concept's with the same words", this.#mostAlike(own)],
    ] as const;
    return [
      ...others.flatMap(([difficulty, other]) =>
        other ? [{ difficulty, right, wrong: other.texts[0]! }] : [],
      ),
      ...this.#otherLook(own, "style"),
      ...this.#otherLook(own, "color"),
    ];
  }

  /** A random sample of another concept without a common word. */
  #stranger(own: Shown): Shown | undefined {
    const key = foldIn(this.key, own.index);
    for (let draw = 0; draw < 100; draw++) {
      const other = this.#all[below(foldIn(key, draw), this.#all.length)]!;
      if (!isRight(own, other) && !other.words.some((word) => own.words.includes(word)))
        return other;
    }
    return undefined;
  }

  /** The sample of another concept that shares the largest part of its words, but not all; undefined if none shares any. */
  #mostAlike(own: Shown): Shown | undefined {
    const shared = new Map<Shown, number>();
    for (const other of own.words.flatMap((word) => this.#byWord.get(word)!)) {
      shared.set(other, (shared.get(other) ?? 0) + 1);
    }
    let best: { readonly other: Shown; readonly part: number } | undefined;
    for (const [other, count] of shared) {
      if (other.concept === own.concept || isRight(own, other)) continue;
      const part = count / (own.words.length + other.words.length - count);
      if (part < 1 && (!best || part > best.part)) best = { other, part };
    }
    return best?.other;
  }

  /** A text of the same concept that names another style of the same family, or another color. */
  #otherLook(own: Shown, look: "style" | "color"): WrongText[] {
    const right = naming(own, own[look]) ?? own.texts[0]!;
    for (const other of this.#byConcept.get(own.concept)!) {
      if (other[look] === own[look]) continue;
      if (look === "style" && other.family !== own.family) continue; // "solid" here may be "filled" there
      const wrong = naming(other, other[look]);
      if (wrong === undefined || own.texts.includes(wrong)) continue;
      return [{ difficulty: `the same concept's in another ${look}`, right, wrong }];
    }
    return [];
  }
}

/** The first text that names a style or color. */
function naming({ texts }: Shown, look: unknown): string | undefined {
  if (typeof look !== "string" || look === "") return undefined;
  return texts.find((text) => text.includes(look));
}

function addTo<K, V>(groups: Map<K, V[]>, key: K, value: V): void {
  const group = groups.get(key);
  if (group) group.push(value);
  else groups.set(key, [value]);
}
