/** Batches of validation data, the same in every run. */
import { BatchReader } from "../../data/batch/batch-reader.js";
import type { BatchOptions, CollatedBatch } from "../../data/batch/collate.js";
import { type BatchKind, Mixture, forKind } from "../../data/batch/mixture.js";
import { type SampleSet, indexesOf, sizesOf } from "../../data/batch/sample-set.js";
import { SkippedSamples } from "../../data/batch/skipped.js";
import type { Vocabulary } from "../../data/text/vocabulary.js";
import type { Log } from "./stage.js";

export interface FixedBatchesOptions<K extends BatchKind = BatchKind> {
  readonly kind: K;
  readonly sets: readonly SampleSet[];
  readonly vocabulary: Vocabulary;
  readonly batch: BatchOptions;
  /** Samples per batch. */
  readonly size: number;
  /** Number of batches. */
  readonly count: number;
  /** Fraction of pairs that get the text of another record; default 0. */
  readonly mismatched?: number;
  readonly seed: number;
  /** Called with one line if samples were left out. */
  readonly log: Log;
}

export async function fixedBatches<K extends BatchKind>(
  options: FixedBatchesOptions<K>,
): Promise<Extract<CollatedBatch, { kind: K }>[]> {
  const { kind, vocabulary, batch, size, count, mismatched = 0, seed } = options;
  const sets = forKind(kind, options.sets, []);
  const skipped = new SkippedSamples();
  const mixture = new Mixture({
    seed,
    batch: forKind(kind, size, 0),
    shares: forKind(kind, 1, 0),
    sets: sizesOf(sets),
    temperature: 1,
    mismatched,
  });
  const reader = await BatchReader.open({
    indexes: indexesOf(sets),
    vocabulary,
    batch,
  });
  try {
    const batches: CollatedBatch[] = [];
    for (let i = 0; i < count; i++) {
      const read = await reader.read(mixture.next());
      batches.push(read.batch);
      skipped.addAll(read.skipped);
    }
    if (skipped.total > 0) options.log(`Validation: ${skipped.summary(count * size)}`);
    return batches as Extract<CollatedBatch, { kind: K }>[];
  } finally {
    await reader.close();
  }
}
