import type { SetSize } from "./mixture.js";
import type { Sample } from "./sample.js";
import { openShards } from "./shards/index.js";

/** The samples of a directory of shards, numbered through. */
export interface SampleSet {
  /** The directory. */
  readonly name: string;
  readonly samples: number;
  /** @throws SampleError where that sample cannot be used; SourceError where its shard cannot be read */
  sample(number: number): Promise<Sample>;
  readonly close: () => void;
}

/** Name and number of samples of each directory of shards, as the mixture wants them. */
export async function sizesOfSets(directories: readonly string[]): Promise<SetSize[]> {
  return Promise.all(
    directories.map(async (directory) => {
      const { name, samples, close } = await openSampleSet(directory);
      close();
      return { name, samples };
    }),
  );
}

export async function openSampleSet(directory: string): Promise<SampleSet> {
  const shards = await openShards(directory);
  let total = 0;
  const ends = shards.shards.map(({ samples }) => (total += samples));
  return {
    name: directory,
    samples: total,
    sample: (number) => {
      const shard = ends.findIndex((end) => number < end);
      return shards.read(shard, number - (ends[shard - 1] ?? 0));
    },
    close: () => shards.close(),
  };
}
