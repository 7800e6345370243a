import { type Key, foldIn, keyOf } from "../../base/random.js";
import type { MixtureCursor } from "../batch/mixture.js";
import { shuffled } from "../batch/shuffle.js";
import type { LabeledSample } from "../labeled-sample.js";

/** A batch of labeled samples before it is read. */
export interface LabeledPlan {
  /** Number of the batch, counted from 0. */
  readonly step: number;
  /** For the views of images. */
  readonly key: Key;
  /** What to read, in the order of the batch's rows. */
  readonly samples: readonly LabeledSample[];
  /** Number of the first sample in the batch that this is a part of; default 0. */
  readonly first?: number;
}

/** Plans batches of one size: all samples in a new random order in each epoch. The same cursor gives the same plans. */
export class ShuffledSamples {
  readonly #key: Key;
  #step: number;

  constructor(
    private readonly samples: readonly LabeledSample[],
    private readonly batch: number,
    seed: number,
    cursor?: MixtureCursor,
  ) {
    this.#key = keyOf(seed);
    this.#step = cursor?.step ?? 0;
  }

  get cursor(): MixtureCursor {
    return { step: this.#step, drawn: {} };
  }

  next(): LabeledPlan {
    const step = this.#step++;
    const samples = Array.from({ length: this.batch }, (_, slot) =>
      this.#drawn(step * this.batch + slot),
    );
    return { step, key: foldIn(foldIn(this.#key, "views"), step), samples };
  }

  #drawn(position: number): LabeledSample {
    const { length } = this.samples;
    const epoch = foldIn(foldIn(this.#key, "order"), Math.floor(position / length));
    return this.samples[shuffled(position % length, length, epoch)]!;
  }
}
