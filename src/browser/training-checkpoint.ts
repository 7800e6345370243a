/** Where training stands, to go on from there later; it can be kept in IndexedDB as it is. */
import type { Values } from "../backend/values.js";
import type { MixtureCursor } from "../data/batch/mixture.js";

/** Plain data: parameters, moments and counters, which can be kept in IndexedDB as they are. */
export interface TrainingCheckpoint {
  /** The recipe with all defaults and the number of samples: what a run must share with it to go on from it. */
  readonly run: string;
  /** The stage that is being trained, and its steps so far. */
  readonly stage: string;
  /** Steps of this stage so far. */
  readonly step: number;
  /** Where the stage is in its data. */
  readonly cursor: MixtureCursor;
  /** What the steps since the last entry reported. */
  readonly made: readonly Readonly<Record<string, number>>[];
  /** Parameters, moments and counters of the stage, by path. */
  readonly state: ReadonlyMap<string, Values>;
  /** Weights of finished stages, by stage and path. */
  readonly weights: ReadonlyMap<string, ReadonlyMap<string, Values>>;
}
