/** Batches of validation data, the same in every run. */
import { BatchReader } from "../../data/batch/batch-reader.js";
import type { BatchOptions, CollatedBatch } from "../../data/batch/collate.js";
import { type BatchKind, Mixture, forKind } from "../../data/batch/mixture.js";
import { sizesOfSets } from "../../data/batch/sample-set.js";
import { SkippedSamples } from "../../data/batch/skipped.js";
import type { Vocabulary } from "../../data/text/vocabulary.js";
import type { Log } from "./stage.js";

export interface FixedBatchesOptions<K extends BatchKind = BatchKind> {
  readonly kind: K;
  /** Root of the data; sets are named by their path relative to it. */
  readonly root: string;
  /** Directories of tar shards. */
  readonly directories: readonly string[];
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
  const { kind, root, directories, vocabulary, batch, size, count, mismatched = 0, seed } = options;
  const skipped = new SkippedSamples();
  const mixture = new Mixture({
    seed,
    batch: forKind(kind, size, 0),
    shares: forKind(kind, 1, 0),
    sets: forKind(kind, await sizesOfSets(root, directories), []),
    temperature: 1,
    mismatched,
  });
  const reader = await BatchReader.open({
    directories: forKind(kind, directories, []),
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
    reader.close();
  }
}
