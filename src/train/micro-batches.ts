/** A batch cut into micro-batches of as many samples each, and how much each micro-batch's losses count in the whole batch's. */
import type { Values } from "../backend/values.js";
import { mapTree } from "../base/tree.js";
import type { Batch, PairBatch, Targets } from "../data/batch/batch.js";
import { type TensorSpec, spec } from "../graph/tensor.js";
import type { LossName } from "../objective/objectives.js";

/** The tensors of a batch of any kind. */
export type BatchParts<T> = Partial<Omit<PairBatch<T>, "kind">>;
export type BatchValues = BatchParts<Values>;

/**
 * The factor of each loss of a micro-batch, float32 []: the micro-batch's part of what the loss is a mean of. Losses of micro-batches times
 * their factors add up to the loss of the whole batch.
 */
export type Shares<T> = Readonly<Record<Exclude<LossName, "contrastive">, T>>;

export interface MicroBatch {
  readonly batch: BatchValues;
  readonly shares: Shares<Float32Array>;
}

/** The shapes of a micro-batch of a batch of the shapes `batch`. Lists of targets are rounded up. */
export function microBatchSpecs(batch: Batch<TensorSpec>, count: number): Batch<TensorSpec> {
  const { kind, ...inputs } = batch;
  const [samples = 0] = (batch.kind === "text" ? batch.lengths : batch.pixels).shape;
  if (samples % count !== 0) {
    throw new RangeError(
      `A batch of ${samples} samples does not divide into ${count} micro-batches; choose a multiple of ${count}.`,
    );
  }
  const chunk = mapTree(inputs, ({ shape: [first = 0, ...rest], dtype }: TensorSpec) =>
    spec([Math.ceil(first / count), ...rest], dtype),
  );
  return Object.assign({ kind }, chunk) as unknown as Batch<TensorSpec>;
}

/** The micro-batches of a batch, which share its memory but for the targets. */
export function microBatchesOf(batch: BatchValues, count: number): MicroBatch[] {
  const microBatches = Array.from({ length: count }, (_, index) => cut(batch, index, count));
  const images = microBatches.map((chunk) => matched(chunk, batch, chunk.positions, chunk.hidden));
  const texts = microBatches.map((chunk) =>
    matched(chunk, batch, chunk.targets?.positions, chunk.maskedIds),
  );
  const [patches, tokens] = [total(images), total(texts)];
  return microBatches.map((chunk, index) => {
    const ofPatches = Float32Array.of(images[index]! / patches);
    const ofTokens = Float32Array.of(texts[index]! / tokens);
    return {
      batch: chunk,
      shares: {
        mim: ofPatches,
        mmmImage: ofPatches,
        mlm: ofTokens,
        mmmText: ofTokens,
        itm: Float32Array.of(1 / count),
      },
    };
  });
}

const total = (counts: readonly number[]): number =>
  Math.max(
    1,
    counts.reduce((sum, each) => sum + each, 0),
  );

/**
 * How many targets of a micro-batch count: those of matched pairs, or all where the whole batch has no match (flava.md 3.6). So
 * a micro-batch that has none by itself counts for nothing, unless all micro-batches are like it.
 */
function matched(
  { match }: BatchValues,
  whole: BatchValues,
  positions: Values = new Int32Array(),
  everywhere: Values = new Int32Array(),
): number {
  const present = Array.from(positions).filter((position) => position >= 0);
  if (!match || whole.match?.every((each) => each === 0)) return present.length;
  const length = everywhere.length / match.length;
  return present.filter((position) => match[Math.floor(position / length)] !== 0).length;
}

/** One of `count` equal parts, which shares the memory of the whole. */
export function part(values: Values, index: number, count: number): Values {
  const size = values.length / count;
  return values.subarray(index * size, (index + 1) * size);
}

function cut(batch: BatchValues, index: number, count: number): BatchValues {
  const { positions, targets, ...perSample } = batch;
  const cutSamples = mapTree(perSample, (values: Values) =>
    part(values, index, count),
  ) as BatchValues;
  const span = (values: Values | undefined): Span => {
    const size = (values?.length ?? 0) / count;
    return { first: index * size, end: (index + 1) * size };
  };
  const within = (list: Targets<Values>, { first, end }: Span): Targets<Int32Array> =>
    targetsWithin(list, { first, end }, Math.ceil(list.positions.length / count));
  const places = positions && within({ positions, labels: positions }, span(batch.hidden));
  return {
    ...cutSamples,
    ...(places && { positions: places.positions }),
    ...(targets && { targets: within(targets, span(batch.maskedIds)) }),
  };
}

/** Positions of the flattened whole batch that belong to a micro-batch. */
interface Span {
  readonly first: number;
  readonly end: number;
}

/** The targets in a span, counted from its start and filled up to `capacity`. */
function targetsWithin(
  { positions, labels }: Targets<Values>,
  { first, end }: Span,
  capacity: number,
): Targets<Int32Array> {
  const own = [...positions.keys()].filter(
    (target) => positions[target]! >= first && positions[target]! < end,
  );
  if (own.length > capacity) {
    throw new RangeError(
      `A chunk has ${own.length} targets, but there is room for ${capacity}, its part of the batch's ` +
        `${positions.length}: give lists of targets room for the most that any chunk may have, in every chunk.`,
    );
  }
  const found = { positions: new Int32Array(capacity).fill(-1), labels: new Int32Array(capacity) };
  for (const [place, target] of own.entries()) {
    found.positions[place] = positions[target]! - first;
    found.labels[place] = labels[target]!;
  }
  return found;
}
