/** A part of a data set, for one of several jobs. */
import type { Sample } from "../sample.js";
import { isPlace } from "../image-place.js";
import { readPlace } from "./read-place.js";
import type { SampleSource, Source } from "./source.js";
import { SampleError } from "./source-error.js";

/** One of `count` parts, numbered from 1. */
export interface Part {
  /** Which one, from 1 to `count`. */
  readonly number: number;
  /** How many there are. */
  readonly count: number;
}

/** Samples that follow each other in a part: they are near each other in their files. */
const samplesPerBlock = 64;

/** Of every `count` blocks of samples, one; the images of the others are not read unless they are in tables or compressed. */
export function partOfSource(source: Source, { number, count }: Part): SampleSource {
  return {
    name: `${source.name}, part ${number} of ${count}`,
    async *read(skipped) {
      let index = 0;
      for await (const { image, ...sample } of source.locate(skipped)) {
        if (Math.floor(index++ / samplesPerBlock) % count !== number - 1) continue;
        try {
          const bytes = image && (isPlace(image) ? await readPlace(image, sample) : image);
          yield { ...sample, ...(bytes && { image: bytes }) } satisfies Sample;
        } catch (error) {
          if (!(error instanceof SampleError)) throw error;
          skipped?.add(sample, error.reason, error.fault);
        }
      }
    },
    async count(options) {
      const total = await source.count(options);
      if (total === undefined) return undefined;
      const blocks = Math.ceil(total / samplesPerBlock);
      const own = Math.ceil((blocks - (number - 1)) / count);
      const isLast = (blocks - 1) % count === number - 1;
      return own * samplesPerBlock - (isLast ? blocks * samplesPerBlock - total : 0);
    },
  };
}
