/** Batches of one set of pairs, for training loops that are written out. */
import type { ImageProcessor } from "../image/processor.js";
import { type Vocabulary, openVocabulary } from "../text/vocabulary.js";
import type { CollatedBatch } from "./collate.js";
import { Loader } from "./loader.js";
import { Mixture, forKind, perKind } from "./mixture.js";
import { indexesOf, openSampleSet, sizesOf } from "./sample-set.js";

/** The size of batches, and what the model reads. */
export interface PairLoaderOptions {
  /** Pairs in a batch, B. */
  readonly batch: number;
  /** Tokens of a text, L; longer texts are truncated, shorter ones padded. */
  readonly length: number;
  /** Makes the pixels that the model reads; `fittedProcessor(config)`. */
  readonly processor: ImageProcessor;
  /** Default: BERT's, which ships. */
  readonly vocabulary?: Vocabulary;
  /** The order of the pairs follows from it; default 0. */
  readonly seed?: number;
  /** Threads that read and decode; default 1. */
  readonly workers?: number;
}

/** A batch of pairs, of which nothing is masked. */
export type CollatedPairs = Extract<CollatedBatch, { readonly kind: "pair" }>;

/**
 * Endless batches of the pairs of a data set in any format that `openSource` reads, shuffled anew in each pass: `pixels`
 * float32 [B, 3, H, W], `ids` int32 [B, L] and `lengths` int32 [B], the number of tokens of each text. `Mixture` and `Loader`,
 * of which it is made, mix sets, mask and resume.
 *
 * @throws SourceError if the source has no pairs
 *
 * @example
 * import { fittedProcessor, openPairLoader } from "flava/data";
 * import { models } from "flava/model";
 *
 * const processor = fittedProcessor(models.tiny);
 * const loader = await openPairLoader("captions.csv", { batch: 32, length: 16, processor });
 * const { batch } = await loader.next();
 * console.log(batch.pixels.length);
 * await loader.close();
 */
export async function openPairLoader(
  path: string,
  { batch, length, processor, vocabulary, seed = 0, workers = 1 }: PairLoaderOptions,
): Promise<Loader<CollatedPairs>> {
  const sets = { pair: [await openSampleSet(path, "pairs")], image: [], text: [] };
  const texts = { lengths: [length], masked: 0.15, unit: "word" } as const;
  const loader = await Loader.open({
    planner: new Mixture({
      seed,
      batch: perKind(() => batch),
      shares: forKind("pair", 1, 0),
      sets: sizesOf(sets),
      temperature: 1,
      mismatched: 0,
    }),
    reader: "pretraining",
    options: {
      indexes: indexesOf(sets),
      vocabulary: vocabulary ?? (await openVocabulary()),
      batch: {
        processor,
        views: { scale: [0.9, 1], ratio: [0.75, 4 / 3], flip: 0, jitter: 0 },
        captions: texts,
        texts,
        hides: false,
      },
    },
    workers,
  });
  return loader as Loader<CollatedPairs>; // the mixture draws nothing but pairs
}
