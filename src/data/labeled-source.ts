import type { SkippedSamples } from "./batch/skipped.js";
import type { LabeledSample } from "./labeled-sample.js";

/** Labeled samples in a fixed order. Opening one reads labels and sizes only; images are read one at a time. */
export interface LabeledSource {
  /** Display name: a file or folder. */
  readonly name: string;
  /** Number of samples, those that turn out to be unusable included. */
  readonly samples: number;
  /**
   * Yields the samples in order.
   * @param skipped records every sample that cannot be used
   * @throws SourceError if a file is damaged; the message names it
   */
  read(skipped?: SkippedSamples): AsyncIterable<LabeledSample>;
}
