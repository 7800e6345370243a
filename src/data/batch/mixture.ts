/**
 * Draws the records of each batch: one kind of data per step with fixed probabilities, and within a kind from its sets by
 * temperature (flava.md 5.1). Plans depend on a seed and a cursor only, and are made before anything is read.
 */
import { type Key, foldIn, keyOf, uniformAt } from "../../base/random.js";
import type { Batch } from "./batch.js";
import { shuffled } from "./shuffle.js";

/** What the samples of a batch are: images with texts, or one of them. */
export type BatchKind = Batch["kind"];
export const batchKinds = ["pair", "image", "text"] as const satisfies readonly BatchKind[];

/** `value` for one kind, `rest` for the others. */
export function forKind<T>(kind: BatchKind, value: T, rest: T): Record<BatchKind, T> {
  return { pair: rest, image: rest, text: rest, [kind]: value };
}

/** A value for each kind. */
export function perKind<T>(make: (kind: BatchKind) => T): Record<BatchKind, T> {
  return { pair: make("pair"), image: make("image"), text: make("text") };
}

/** A value for each kind, made one after another. */
export async function perKindInOrder<T>(
  make: (kind: BatchKind) => Promise<T>,
): Promise<Record<BatchKind, T>> {
  return { pair: await make("pair"), image: await make("image"), text: await make("text") };
}

/** A set of samples to draw from. */
export interface SetSize {
  /** The set's name, on which what a seed draws depends. */
  readonly name: string;
  /** Samples of the kind that it has. */
  readonly samples: number;
}

/** What is drawn from, and how often. */
export interface MixtureOptions {
  /** All plans follow from it, an integer. */
  readonly seed: number;
  /** Samples in a batch of each kind. */
  readonly batch: Readonly<Record<BatchKind, number>>;
  /** Probability of each kind per step; 0.70, 0.15, 0.15 in the paper. Kinds of share 0 need no sets. */
  readonly shares: Readonly<Record<BatchKind, number>>;
  /** The sets of each kind, as `sizesOf` gives them. Their names are part of what the seed draws. */
  readonly sets: Readonly<Record<BatchKind, readonly SetSize[]>>;
  /** Sets are drawn in proportion to samples^(1 / temperature): 1 goes by size, larger values favor small sets. */
  readonly temperature: number;
  /** Share of pairs that get the text of another record (flava.md 3.6). */
  readonly mismatched: number;
  /** Records that the text of a mismatch is chosen among; default 1. */
  readonly candidates?: number;
}

/** The position of a run in its data; plain JSON. */
export interface MixtureCursor {
  /** Batches drawn. */
  readonly step: number;
  /** Records drawn of each set, by kind and name. */
  readonly drawn: Readonly<Record<string, number>>;
}

/** A record of a set of the batch's kind. */
export interface RecordReference {
  /** Number of the set among those of the kind, from 0. */
  readonly set: number;
  /** Number of the record in the set, from 0. */
  readonly record: number;
  /** Number of earlier passes over the set; views and captions differ in each. */
  readonly epoch: number;
}

/** A record to read, and whose text it gets. */
export interface PlannedSample extends RecordReference {
  /** Other records, of which one's text replaces this one's: the text that has most in common with it. */
  readonly textOf?: readonly RecordReference[];
}

/** A batch before it is read. */
export interface BatchPlan {
  /** The kind of all its samples. */
  readonly kind: BatchKind;
  /** Number of the batch, counted from 0. */
  readonly step: number;
  /** Key for views, masks and the choice of captions. */
  readonly key: Key;
  /** Number of the first sample in the batch that this is a part of; default 0. */
  readonly first?: number;
  /** What to read, in the order of the batch's rows. */
  readonly samples: readonly PlannedSample[];
}

/** Plans batch after batch. The same options and cursor give the same plans. */
export class Mixture {
  readonly #options: MixtureOptions;
  readonly #key: Key;
  readonly #borders: Readonly<Record<BatchKind, readonly number[]>>;
  readonly #drawn: Map<string, number>;
  #step: number;

  /**
   * @param cursor where to continue; default: at the beginning
   * @throws RangeError if a share, number or temperature cannot be
   */
  constructor(options: MixtureOptions, cursor: MixtureCursor = { step: 0, drawn: {} }) {
    checkOptions(options);
    this.#options = options;
    this.#key = keyOf(options.seed);
    this.#borders = bordersOf(options);
    this.#drawn = new Map(Object.entries(cursor.drawn));
    this.#step = cursor.step;
  }

  /** Continues after the last plan. */
  get cursor(): MixtureCursor {
    return { step: this.#step, drawn: Object.fromEntries(this.#drawn) };
  }

  /** The next plan; there is no last one. */
  next(): BatchPlan {
    const step = this.#step++;
    const key = foldIn(this.#key, step);
    const kind = this.#kindOf(uniformAt(key, 0));
    const samples = Array.from({ length: this.#options.batch[kind] }, (_, slot) =>
      this.#draw(kind, foldIn(key, slot)),
    );
    return { kind, step, key, samples };
  }

  #kindOf(uniform: number): BatchKind {
    const { shares } = this.#options;
    const total = batchKinds.reduce((sum, kind) => sum + shares[kind], 0);
    let left = uniform * total;
    for (const kind of batchKinds) {
      left -= shares[kind];
      if (left < 0) return kind;
    }
    return batchKinds.findLast((kind) => shares[kind] > 0) ?? "pair";
  }

  #draw(kind: BatchKind, key: Key): PlannedSample {
    const set = this.#setOf(kind, uniformAt(key, 0));
    const { name, samples } = this.#options.sets[kind][set]!;
    const path = `${kind}/${name}`;
    const drawn = this.#drawn.get(path) ?? 0;
    this.#drawn.set(path, drawn + 1);
    const epoch = Math.floor(drawn / samples);
    const order = foldIn(foldIn(this.#key, path), epoch);
    const sample = { set, record: shuffled(drawn % samples, samples, order), epoch };
    const isMismatched = kind === "pair" && uniformAt(key, 1) < this.#options.mismatched;
    if (!isMismatched) return sample;
    const { candidates = 1 } = this.#options;
    const own = foldIn(key, "text");
    const textOf = Array.from({ length: candidates }, (_, place) =>
      this.#drawText(place === 0 ? own : foldIn(own, place)),
    );
    return { ...sample, textOf };
  }

  /** A random pair; it does not count as drawn. */
  #drawText(key: Key): RecordReference {
    const set = this.#setOf("pair", uniformAt(key, 0));
    const { samples } = this.#options.sets.pair[set]!;
    return { set, record: Math.floor(uniformAt(key, 1) * samples), epoch: 0 };
  }

  #setOf(kind: BatchKind, uniform: number): number {
    const borders = this.#borders[kind];
    const set = borders.findIndex((border) => uniform < border);
    return set >= 0 ? set : borders.length - 1; // rounding may leave the last border just below 1
  }
}

/** Cumulative probabilities of the sets of each kind. */
function bordersOf({ sets, temperature }: MixtureOptions): Record<BatchKind, number[]> {
  return perKind((kind) => {
    const weights = sets[kind].map(({ samples }) => samples ** (1 / temperature));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    let sum = 0;
    return weights.map((weight) => (sum += weight / total));
  });
}

function checkOptions({ shares, sets, batch, temperature, mismatched }: MixtureOptions): void {
  if (!batchKinds.some((kind) => shares[kind] > 0)) {
    throw new RangeError(
      "All shares of the mixture are 0; give at least one kind of data a positive share.",
    );
  }
  if (!(temperature >= 1) || !(mismatched >= 0 && mismatched < 1)) {
    throw new RangeError(
      `Expected a temperature >= 1 and a share of mismatched texts in [0, 1), but got ${temperature} and ${mismatched}.`,
    );
  }
  for (const kind of batchKinds) {
    if (shares[kind] === 0) continue;
    if (!(shares[kind] > 0) || !(batch[kind] > 0)) {
      throw new RangeError(
        `The mixture's share and batch of the kind "${kind}" must be positive: ${shares[kind]}, ${batch[kind]}.`,
      );
    }
    if (!sets[kind].some(({ samples }) => samples > 0)) {
      throw new RangeError(
        `The mixture draws batches of the kind "${kind}" (share ${shares[kind]}), but there are no samples of that kind.`,
      );
    }
  }
}
