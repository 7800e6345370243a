/** Tells before a stage of pre-training which of the texts in its sets are longer than what is read of them. */
import type { Recipe } from "../configs/recipe.js";
import type { SampleSet, SampleSets } from "../data/batch/sample-set.js";
import { SampleIndex } from "../data/index/index-file.js";
import { Tokenizer } from "../data/text/tokenizer.js";
import type { Vocabulary } from "../data/text/vocabulary.js";
import { type SampledTexts, type TextKind, describeLongerTexts } from "./longer-texts.js";

/**
 * The lines of `describeLongerTexts` for some sets.
 * @param sets those that a stage draws from
 */
export function describeCutTexts(
  sets: SampleSets,
  data: Pick<Recipe["data"], "captions" | "passages">,
  vocabulary: Vocabulary,
  most?: number,
): Promise<string[]> {
  const textsOf = (kind: TextKind): SampledTexts => ({
    samples: sets[kind].reduce((sum, set) => sum + set.samples[kind], 0),
    every: (step) => textsOfEvery(sets[kind], kind, step),
  });
  const texts = { pair: textsOf("pair"), text: textsOf("text") };
  return describeLongerTexts(texts, data, new Tokenizer(vocabulary), most);
}

/** The texts of every `step`-th sample of all sets together. */
async function* textsOfEvery(
  sets: readonly SampleSet[],
  kind: TextKind,
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
