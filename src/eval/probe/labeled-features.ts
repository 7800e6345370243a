/** Features with class labels, in memory or in a file, read a block at a time: they may be larger than memory. */
import { countOf } from "../../inference/similarity.js";
import type { EmbeddingStore } from "../embedding-store.js";

/** Features of items with their classes, in memory or not. */
export interface LabeledFeatures {
  /** Numbers in the features of an item. */
  readonly width: number;
  /** The class of each item, >= 0: [N]. */
  readonly labels: Int32Array;
  /** Reads the rows from `first` on into `target`, as many as it holds: float32 [rows, width]. */
  read(first: number, target: Float32Array): Promise<void>;
}

/**
 * Labeled features in memory.
 *
 * @param features float32 [N, width]
 * @param labels the class of each item, >= 0
 * @throws RangeError if their numbers differ
 */
export function labeledFeatures(
  features: Float32Array,
  labels: Int32Array,
  width: number,
): LabeledFeatures {
  const count = countOf(features, width);
  if (count !== labels.length) {
    throw new RangeError(
      `A probe needs one label for each item, but got ${count} items and ${labels.length} labels.`,
    );
  }
  return {
    width,
    labels,
    read: (first, target) => {
      target.set(features.subarray(first * width, first * width + target.length));
      return Promise.resolve();
    },
  };
}

/** Labeled features in a store. @param rows the row of each item */
export function storedFeatures(
  store: EmbeddingStore,
  rows: Int32Array,
  labels: Int32Array,
): LabeledFeatures {
  const { width } = store;
  return {
    width,
    labels,
    read: (first, target) =>
      store.read(rows.subarray(first, first + target.length / width), target),
  };
}

/** The features of all items: float32 [N, width]. */
export async function allRows(set: LabeledFeatures): Promise<Float32Array> {
  const features = new Float32Array(set.labels.length * set.width);
  await set.read(0, features);
  return features;
}

/** The items of several parts of the same width, one part after another. */
export function joined(parts: readonly LabeledFeatures[]): LabeledFeatures {
  const count = parts.reduce((sum, { labels }) => sum + labels.length, 0);
  const labels = new Int32Array(count);
  const starts: number[] = [];
  let end = 0;
  for (const part of parts) {
    labels.set(part.labels, end);
    starts.push(end);
    end += part.labels.length;
  }
  const width = parts[0]!.width;
  return {
    width,
    labels,
    read: async (first, target) => {
      const last = first + target.length / width;
      for (const [index, part] of parts.entries()) {
        const start = starts[index]!;
        const from = Math.max(first, start);
        const to = Math.min(last, start + part.labels.length);
        if (from >= to) continue;
        const rows = target.subarray((from - first) * width, (to - first) * width);
        await part.read(from - start, rows);
      }
    },
  };
}

/** Some items of a set. @param items their indices, ascending */
export function chosen(set: LabeledFeatures, items: Int32Array): LabeledFeatures {
  const { width } = set;
  return {
    width,
    labels: items.map((item) => set.labels[item]!),
    read: async (first, target) => {
      const own = items.subarray(first, first + target.length / width);
      for (let done = 0; done < own.length;) {
        let next = done + 1; // items that follow each other are read at once
        while (own[next] === own[next - 1]! + 1) next++;
        await set.read(own[done]!, target.subarray(done * width, next * width));
        done = next;
      }
    },
  };
}

export interface FeatureBlock {
  /** Index of the first row. */
  readonly first: number;
  readonly rows: number;
  /** float32 [most rows, width]; what follows the block's own rows is undefined. Overwritten by the block after the next. */
  readonly features: Float32Array;
}

/** Two buffers for blocks of `rows` rows. */
export function blockBuffers(width: number, rows: number): readonly [Float32Array, Float32Array] {
  return [new Float32Array(rows * width), new Float32Array(rows * width)];
}

/**
 * All rows in order, at most `rows` at a time; the next block is read while one is used.
 * @param buffers for those who read the blocks many times
 */
export async function* blocksOf(
  set: LabeledFeatures,
  rows: number,
  buffers = blockBuffers(set.width, rows),
): AsyncGenerator<FeatureBlock> {
  const { width, labels } = set;
  const start = async (first: number): Promise<FeatureBlock> => {
    const [own, buffer] = [
      Math.min(rows, labels.length - first),
      buffers[((first / rows) % 2) as 0 | 1],
    ];
    await set.read(first, buffer.subarray(0, own * width));
    return { first, rows: own, features: buffer };
  };
  let next = labels.length > 0 ? start(0) : undefined;
  for (let first = rows; next; first += rows) {
    const block: FeatureBlock = await next;
    next = first < labels.length ? start(first) : undefined;
    next?.catch(() => undefined); // awaited above, unless the block is not used up
    yield block;
  }
}
