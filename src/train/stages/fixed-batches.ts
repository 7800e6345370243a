/** Batches of validation data, the same in every run. */
import { BatchReader } from "../../data/batch/batch-reader.js";
import { batchSpecs } from "../../data/batch/batch-specs.js";
import { type BatchOptions, type CollatedBatch, largestSizes } from "../../data/batch/collate.js";
import { type BatchKind, Mixture, forKind } from "../../data/batch/mixture.js";
import { type SampleSet, indexesOf, sizesOf } from "../../data/batch/sample-set.js";
import { SkippedSamples } from "../../data/batch/skipped.js";
import type { Vocabulary } from "../../data/text/vocabulary.js";
import type { Batch } from "../../data/batch/batch.js";
import type { TensorSpec } from "../../graph/tensor.js";
import type { Log } from "./stage.js";

export interface FixedBatchesOptions<K extends BatchKind = BatchKind> {
  readonly kind: K;
  readonly sets: readonly SampleSet[];
  readonly vocabulary: Vocabulary;
  readonly batch: BatchOptions;
  /** Most samples per batch; a batch never has more than all sets together. */
  readonly size: number;
  /** Number of batches. */
  readonly count: number;
  /** Fraction of pairs that get the text of another record; default 0. */
  readonly mismatched?: number;
  readonly seed: number;
  /** Called with one line if samples were left out. */
  readonly log: Log;
  readonly signal?: AbortSignal | undefined;
}

/** Samples in each batch; 0 without samples. */
export function fixedBatchSize({
  kind,
  sets,
  size,
}: Pick<FixedBatchesOptions, "kind" | "sets" | "size">): number {
  return Math.min(
    size,
    sets.reduce((sum, { samples }) => sum + samples[kind], 0),
  );
}

/** The shapes of the largest of these batches; undefined without samples. */
export function fixedBatchSpecs(
  options: Pick<FixedBatchesOptions, "kind" | "sets" | "size" | "batch">,
): Batch<TensorSpec> | undefined {
  const samples = fixedBatchSize(options);
  return samples === 0 ? undefined : batchSpecs(largestSizes(options.kind, samples, options.batch));
}

/** The batches; none without samples. */
export async function fixedBatches<K extends BatchKind>(
  options: FixedBatchesOptions<K>,
): Promise<Extract<CollatedBatch, { kind: K }>[]> {
  const { kind, vocabulary, batch, count, mismatched = 0, seed, signal } = options;
  const size = fixedBatchSize(options);
  if (size === 0) return [];
  const skipped = new SkippedSamples();
  const sets = forKind(kind, options.sets, []);
  const mixture = new Mixture({
    seed,
    batch: forKind(kind, size, 0),
    shares: forKind(kind, 1, 0),
    sets: sizesOf(sets),
    temperature: 1,
    mismatched,
  });
  const reader = await BatchReader.open({ indexes: indexesOf(sets), vocabulary, batch });
  try {
    const batches: CollatedBatch[] = [];
    for (let i = 0; i < count; i++) {
      signal?.throwIfAborted();
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
