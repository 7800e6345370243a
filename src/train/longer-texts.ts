/** Tells before pre-training which of its texts are longer than what is read of them. */
import { counted, grouped } from "../base/counted.js";
import type { Recipe } from "../configs/recipe.js";
import type { Tokenizer } from "../data/text/tokenizer.js";

/** Most samples of a kind whose texts are tokenized, so that a large data set takes no longer than a moment. */
const mostSamples = 2000;

const kinds = [
  { kind: "pair", noun: "caption", setting: "captions" },
  { kind: "text", noun: "text", setting: "passages" },
] as const;

/** The texts of one kind of samples, wherever they are. */
export interface SampledTexts {
  /** Number of samples. */
  readonly samples: number;
  /** The texts of every `step`-th sample. */
  readonly every: (step: number) => AsyncIterable<string> | Iterable<string>;
}

/** The kinds of samples that have texts. */
export type TextKind = (typeof kinds)[number]["kind"];

/**
 * A line for each kind of texts of which some are cut to the last of the recipe's `lengths`: how many of how many. Of more than
 * `most` samples, some at equal distances are looked at, and the line says so.
 *
 * @param texts those that are drawn from
 */
export async function describeLongerTexts(
  texts: Readonly<Record<TextKind, SampledTexts>>,
  data: Pick<Recipe["data"], "captions" | "passages">,
  tokenizer: Tokenizer,
  most = mostSamples,
): Promise<string[]> {
  const lines: string[] = [];
  for (const { kind, noun, setting } of kinds) {
    const limit = data[setting].lengths.at(-1)!;
    const step = Math.max(1, Math.ceil(texts[kind].samples / most));
    let [all, cut] = [0, 0];
    for await (const text of texts[kind].every(step)) {
      all++;
      if (isLonger(text, limit, tokenizer)) cut++;
    }
    if (cut === 0) continue;
    const found =
      step === 1
        ? `${grouped(cut)} of ${counted(all, noun)}`
        : `${grouped(cut)} of the ${counted(all, noun)} of one sample in ${grouped(step)}`;
    lines.push(
      `${found} ${cut === 1 ? "is" : "are"} longer than ${limit} tokens and cut there; data.${setting}.lengths sets the limit.`,
    );
  }
  return lines;
}

/** Whether a text has more than `limit` tokens, [CLS] and [SEP] included. Of a long one no more is read than is needed. */
function isLonger(text: string, limit: number, tokenizer: Tokenizer): boolean {
  if (text.normalize("NFD").length + 2 <= limit) return false; // a token has one character or more
  const beginning = text.slice(0, 100 * limit);
  const exceeds = (some: string): boolean =>
    tokenizer.encode(some, { maximum: limit + 1 }).length > limit;
  return exceeds(beginning) || (beginning.length < text.length && exceeds(text));
}
