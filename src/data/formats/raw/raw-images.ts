/** Labeled images stored as bare pixels. */
import type { LabeledSource } from "../../labeled-source.js";

export interface RawRecord {
  readonly key: string;
  readonly label: string;
  /** An image file. */
  readonly image: Uint8Array;
}

/**
 * A source of files of bare pixels. Unlike image files, these are damaged as a whole or not at all, so no sample is skipped.
 * @param samples number of all records
 * @param records reads all records, in order
 */
export function rawImages(
  name: string,
  samples: number,
  records: () => AsyncIterable<RawRecord>,
): LabeledSource {
  return {
    name,
    samples,
    async *read() {
      for await (const { key, label, image } of records())
        yield { key, image, target: { kind: "class", label } };
    },
  };
}
