import { type IndexOptions, type IndexedSource, indexSource } from "../index/source-index.js";
import type { SourceOptions } from "../formats/source.js";
import { type BatchKind, type SetSize, perKind } from "./mixture.js";

/** A source to draw samples from, under a name that what a seed draws depends on. */
export interface SampleSet extends IndexedSource {
  /** The name by which a mixture draws from it. */
  readonly name: string;
}

/** The sets of each kind, in the order of the mixture's. */
export type SampleSets = Readonly<Record<BatchKind, readonly SampleSet[]>>;

/**
 * The data set at `path`, in any format that `openSource` reads. It is indexed if it was not yet, or has changed; indexes
 * are kept in the cache (`cacheDirectory`).
 *
 * @param name should not depend on where the data are
 * @throws SourceError if the data set cannot be read
 */
export async function openSampleSet(
  path: string,
  name: string,
  options: SourceOptions = {},
  progress: IndexOptions = {},
): Promise<SampleSet> {
  return { name, ...(await indexSource(path, options, progress)) };
}

/** Names and numbers of samples of the sets by kind, as a `Mixture` takes them. */
export function sizesOf(sets: SampleSets): Record<BatchKind, SetSize[]> {
  return perKind((kind) =>
    sets[kind].map(({ name, samples }) => ({ name, samples: samples[kind] })),
  );
}

/** Directories of the sets' indexes by kind, as the reader of a `Loader` takes them. */
export function indexesOf(sets: SampleSets): Record<BatchKind, string[]> {
  return perKind((kind) => sets[kind].map(({ directory }) => directory));
}
