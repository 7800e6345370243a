/** Splitting of a batch into micro-batches, and the weight of each part in the losses of the whole batch. */
import { type Values, partOf } from "../../backend/values.js";
import { mapTree } from "../../base/tree.js";
import type { Batch, Targets } from "../../data/batch/batch.js";
import { type TensorSpec, spec } from "../../graph/tensor.js";
import type { LossName } from "../../objective/objectives.js";
import type { Counts } from "../step/loss.js";
import type { PretrainingInputs } from "./extra-loss.js";

/**
 * Samples of each of `count` equal parts of a batch.
 * @throws RangeError if the samples do not split evenly
 */
export function samplesOfPart(samples: number, count: number): number {
  if (samples % count === 0) return samples / count;
  throw new RangeError(
    `A batch of ${samples} cannot be split into ${count} equal micro-batches; choose a multiple of ${count}.`,
  );
}

/**
 * Shapes of a micro-batch: an equal part of the samples, and of the room for targets, rounded up.
 * @throws RangeError if the samples do not split evenly
 */
export function microBatchSpecs(batch: Batch<TensorSpec>, count: number): Batch<TensorSpec> {
  const { kind, ...tensors } = batch;
  const [samples = 0] = (batch.kind === "text" ? batch.lengths : batch.pixels).shape;
  samplesOfPart(samples, count);
  const part = mapTree(tensors, ({ shape: [first = 0, ...rest], dtype }: TensorSpec) =>
    spec([Math.ceil(first / count), ...rest], dtype),
  );
  return Object.assign({ kind }, part) as unknown as Batch<TensorSpec>;
}

/**
 * Splits a batch of the shapes `specs`. The micro-batches share the memory of the batch, except for their targets.
 * @throws RangeError if a micro-batch has more targets than its part of the room for them
 */
export function cutBatch(
  { hidden, maskedIds }: PretrainingInputs<TensorSpec>,
  values: PretrainingInputs<Values>,
  count: number,
): PretrainingInputs<Values>[] {
  const [, patches = 0] = hidden?.shape ?? [];
  const [, length = 0] = maskedIds?.shape ?? [];
  const [samples = 0] = (hidden ?? maskedIds)?.shape ?? [];
  const part = { count, samples: samples / count, patches, length };
  return Array.from({ length: count }, (_, index) => cut(values, index, part));
}

/** What the losses of a part of a batch are means of: samples, masked patches and words, each also of matching pairs only. */
export function countsOf(
  { hidden, maskedIds }: PretrainingInputs<TensorSpec>,
  { match, positions, targets }: PretrainingInputs<Values>,
): Counts {
  const [samples = 0, patches = 0] = hidden?.shape ?? maskedIds?.shape ?? [];
  const [, length = 0] = maskedIds?.shape ?? [];
  return {
    samples,
    patches: counted(positions, patches),
    words: counted(targets?.positions, length),
    matchedSamples: match?.filter((each) => each !== 0).length ?? samples,
    matchedPatches: counted(positions, patches, match),
    matchedWords: counted(targets?.positions, length, match),
  };
}

/** The weight of each loss of a part: its share of the samples or targets that the loss is a mean of. */
export function sharesOf(own: Counts, all: Counts): Record<LossName, number> {
  const share = (name: string): number => own[name]! / Math.max(1, all[name]!);
  // If no pair of the whole batch matches, all count.
  const matched = (name: string, ofMatched: string): number =>
    share(all.matchedSamples === 0 ? name : ofMatched);
  return {
    contrastive: matched("samples", "matchedSamples"),
    itm: share("samples"),
    mim: share("patches"),
    mlm: share("words"),
    mmmImage: matched("patches", "matchedPatches"),
    mmmText: matched("words", "matchedWords"),
  };
}

/** The number of targets that count: those of matching pairs, or all if `match` is not given. */
function counted(positions: Values = new Int32Array(), length: number, match?: Values): number {
  return Array.from(positions).filter(
    (position) => position >= 0 && match?.[Math.floor(position / length)] !== 0,
  ).length;
}

interface Part {
  readonly count: number;
  /** Samples of each micro-batch. */
  readonly samples: number;
  /** Patches of an image. */
  readonly patches: number;
  /** Tokens of a text. */
  readonly length: number;
}

function cut(
  batch: PretrainingInputs<Values>,
  index: number,
  { count, samples, patches, length }: Part,
): PretrainingInputs<Values> {
  const { positions, targets, ...perSample } = batch;
  const cutSamples = mapTree(perSample, (values: Values) => partOf(values, index, count));
  const within = (list: Targets<Values>, rowLength: number): Targets<Int32Array> => {
    const size = samples * rowLength;
    const capacity = Math.ceil(list.positions.length / count);
    return targetsWithin(list, { first: index * size, end: (index + 1) * size }, capacity);
  };
  return {
    ...(cutSamples as PretrainingInputs<Values>),
    ...(positions && {
      positions: within({ positions, labels: positions }, patches).positions,
    }),
    ...(targets && { targets: within(targets, length) }),
  };
}

/** Positions in the flattened batch that belong to a micro-batch. */
interface Span {
  readonly first: number;
  readonly end: number;
}

/** The targets in a span, counted from its start and padded to `capacity`. */
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
      `A micro-batch has ${own.length} targets, but room for ${capacity} only, its part of the batch's ` +
        `${positions.length}: give the batch room for the most targets that each sample may have.`,
    );
  }
  const found = { positions: new Int32Array(capacity).fill(-1), labels: new Int32Array(capacity) };
  for (const [place, target] of own.entries()) {
    found.positions[place] = positions[target]! - first;
    found.labels[place] = labels[target]!;
  }
  return found;
}
