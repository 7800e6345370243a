/** Tells before a stage of pre-training which of its texts are longer than what is read of them. */
import { counted, grouped } from "../base/counted.js";
import type { Recipe } from "../configs/recipe.js";
import type { SampleSet, SampleSets } from "../data/batch/sample-set.js";
import { SampleIndex } from "../data/index/index-file.js";
import { Tokenizer } from "../data/text/tokenizer.js";
import type { Vocabulary } from "../data/text/vocabulary.js";

/** Most samples of a kind whose texts are tokenized, so that a large data set takes no longer than a moment. */
const mostSamples = 2000;

const kinds = [
  { kind: "pair", noun: "caption", setting: "captions" },
  { kind: "text", noun: "text", setting: "passages" },
] as const;

/**
 * A line for each kind of texts of which some are cut to the last of the recipe's `lengths`: how many of how many. Of more than
 * `most` samples, some at equal distances are looked at, and the line says so.
 *
 * @param sets those that a stage draws from
 */
export async function describeCutTexts(
  sets: SampleSets,
  data: Pick<Recipe["data"], "captions" | "passages">,
  vocabulary: Vocabulary,
  most = mostSamples,
): Promise<string[]> {
  const tokenizer = new Tokenizer(vocabulary);
  const lines: string[] = [];
  for (const { kind, noun, setting } of kinds) {
    const limit = data[setting].lengths.at(-1)!;
    const samples = sets[kind].reduce((sum, set) => sum + set.samples[kind], 0);
    const step = Math.max(1, Math.ceil(samples / most));
    let [texts, cut] = [0, 0];
    for await (const text of textsOf(sets[kind], kind, step)) {
      texts++;
      if (isLonger(text, limit, tokenizer)) cut++;
    }
    if (cut === 0) continue;
    const found =
      step === 1
        ? `${grouped(cut)} of ${counted(texts, noun)}`
        : `${grouped(cut)} of the ${counted(texts, noun)} of one sample in ${grouped(step)}`;
    lines.push(
      `${found} ${cut === 1 ? "is" : "are"} longer than ${limit} tokens and cut there; data.${setting}.lengths sets the limit.`,
    );
  }
  return lines;
}

/** The texts of every `step`-th sample of all sets together. */
async function* textsOf(
  sets: readonly SampleSet[],
  kind: "pair" | "text",
  step: number,
): AsyncGenerator<string> {
  let next = 0;
  for (const { directory, samples } of sets) {
    const index = await SampleIndex.open(directory);
    try {
      for (; next < samples[kind]; next += step) yield* index.texts(kind, next);
    } finally {
      await index.close();
    }
    next -= samples[kind];
  }
}

/** Whether a text has more than `limit` tokens, [CLS] and [SEP] included. Of a long one no more is read than is needed. */
function isLonger(text: string, limit: number, tokenizer: Tokenizer): boolean {
  if (text.normalize("NFD").length + 2 <= limit) return false; // a token has one character or more
  const beginning = text.slice(0, 100 * limit);
  const exceeds = (some: string): boolean =>
    tokenizer.encode(some, { maximum: limit + 1 }).length > limit;
  return exceeds(beginning) || (beginning.length < text.length && exceeds(text));
}
