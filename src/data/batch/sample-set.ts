import { relative } from "node:path";
import type { SetSize } from "./mixture.js";
import type { Sample } from "../sample.js";
import { openShards } from "../formats/tar/shards.js";

/** The samples of a directory of shards, numbered consecutively. */
export interface SampleSet {
  readonly directory: string;
  readonly samples: number;
  /** @throws SampleError if the sample cannot be used; SourceError if its shard cannot be read */
  sample(number: number): Promise<Sample>;
  readonly close: () => void;
}

/**
 * Name and number of samples of each directory of shards, for the mixture. Names are paths from `root`: what a seed
 * draws does not depend on where the data are.
 */
export async function sizesOfSets(
  root: string,
  directories: readonly string[],
): Promise<SetSize[]> {
  return Promise.all(
    directories.map(async (directory) => {
      const { samples, close } = await openSampleSet(directory);
      close();
      return { name: relative(root, directory), samples };
    }),
  );
}

export async function openSampleSet(directory: string): Promise<SampleSet> {
  const shards = await openShards(directory);
  let total = 0;
  const ends = shards.shards.map(({ samples }) => (total += samples));
  return {
    directory,
    samples: total,
    sample: (number) => {
      const shard = ends.findIndex((end) => number < end);
      return shards.read(shard, number - (ends[shard - 1] ?? 0));
    },
    close: () => shards.close(),
  };
}
