/** Where training stands, to go on from there later; it can be kept in IndexedDB as it is. */
import type { Values } from "../backend/values.js";
import type { MixtureCursor } from "../data/batch/mixture.js";

export interface TrainingCheckpoint {
  /** The recipe with all defaults and the number of samples: what a run must share with it to go on from it. */
  readonly run: string;
  /** The stage that is being trained, and its steps so far. */
  readonly stage: string;
  readonly step: number;
  readonly cursor: MixtureCursor;
  /** What the steps since the last entry reported. */
  readonly made: readonly Readonly<Record<string, number>>[];
  /** Parameters, moments and counters of the stage, by path. */
  readonly state: ReadonlyMap<string, Values>;
  /** Weights of finished stages, by stage and path. */
  readonly weights: ReadonlyMap<string, ReadonlyMap<string, Values>>;
}
