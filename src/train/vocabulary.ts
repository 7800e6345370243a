/** The vocabulary of a run, shared by all stages, training, validation and the models written. */
import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { tokenizerIn } from "../checkpoint/load-model.js";
import { openCheckpoint } from "../checkpoint/open.js";
import { uncased } from "../data/text/normalize.js";
import { type Vocabulary, VocabularyError, openVocabulary } from "../data/text/vocabulary.js";
import type { FlavaConfig } from "../model/config.js";
import type { StartWeights } from "./run/start.js";
import type { SizedRecipe } from "./sized-recipe.js";

/**
 * The vocabulary named by a recipe, by default BERT's uncased one.
 * @throws VocabularyError if it cannot be read, or has more pieces than the model has word embeddings
 */
export async function vocabularyOf({ config, data }: SizedRecipe): Promise<Vocabulary> {
  const path = data.vocabulary === undefined ? undefined : resolve(data.root, data.vocabulary);
  const vocabulary = await openVocabulary(path);
  const { text } = config;
  if (vocabulary.pieces.length <= text.vocabulary) return vocabulary;
  throw new VocabularyError(
    `${path} has ${vocabulary.pieces.length} pieces, but the model has ${text.vocabulary} word embeddings. ` +
      `Choose a vocabulary of at most ${text.vocabulary} pieces (flava data vocabulary --size).`,
  );
}

/** SHA-256 of the pieces in their order. */
export function identityOfVocabulary({ pieces }: Vocabulary): string {
  return createHash("sha256").update(pieces.join("\n")).digest("hex");
}

/**
 * Checks that initial models turn texts into the same ids as `vocabulary`; those without a tokenizer pass.
 * @throws VocabularyError if one has another vocabulary, or keeps capitals or accents, so that its ids mean other words
 */
export async function requireSameVocabulary(
  start: readonly StartWeights[],
  vocabulary: Vocabulary,
  config: Pick<FlavaConfig, "image">,
): Promise<void> {
  for (const { path } of start) {
    const checkpoint = await openCheckpoint(path, { heads: config.image.heads });
    await checkpoint.close();
    const { directory } = checkpoint;
    const tokenizer = directory === undefined ? undefined : await tokenizerIn(directory);
    if (!tokenizer) continue;
    const { settings } = tokenizer;
    if (identityOfVocabulary(tokenizer.vocabulary) !== identityOfVocabulary(vocabulary)) {
      throw new VocabularyError(
        `${path} has another vocabulary than the recipe, so that its embeddings are those of other words. ` +
          `Name its vocab.txt in the recipe (--set data.vocabulary=PATH), or start from another model.`,
      );
    }
    if (
      settings.lowercase !== uncased.lowercase ||
      settings.stripAccents !== uncased.stripAccents
    ) {
      throw new VocabularyError(
        `${path} keeps capitals or accents of texts, which training removes. Start from an uncased model.`,
      );
    }
  }
}
