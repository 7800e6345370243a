import type { State } from "../../backend/state.js";
import type { RunFacts } from "../run/run-directory.js";
import type { StepResults } from "../step/compiled-step.js";
import type { CollatedBatch } from "../../data/batch/collate.js";

/** Numbers of a step or an evaluation by name, such as "contrastive" and "zero-shot top-1". */
export type Scalars = Readonly<Record<string, number>>;

/** Called with each line of the log. */
export type Log = (line: string) => void;

/** What training needs. */
export interface StageNeeds {
  /** Of the state and the largest step. */
  readonly bytes: number;
  /** Multiplications and additions of an average step whose texts are as long as they may be. */
  readonly flops: number;
}

/** The scalars of an optimizer step that are logged. */
export function stepScalars(results: StepResults): Scalars {
  const { total, scalars, learningRate, updateNorm, gradientNorm } = results;
  return {
    ...scalars,
    total,
    ...(gradientNorm !== undefined && { "gradient norm": gradientNorm }),
    "update norm": updateNorm,
    "learning rate": learningRate,
  };
}

/** A stage of training, as the training loop uses it. */
export interface Stage {
  /** Such as "joint". */
  readonly name: string;
  readonly state: State;
  /** Steps in all. */
  readonly steps: number;
  /** The losses by name, each with its value before training (guessing), or null where it is unknown. */
  readonly losses: RunFacts["losses"];
  /** Initializes the weights, where there is no checkpoint to continue from. */
  begin(): Promise<void>;
  /** Compiles what the largest steps need. */
  prepare(): StageNeeds;
  /** Makes step number `step`, counted from 0. */
  step(batch: CollatedBatch, step: number): Promise<Scalars>;
  /** Evaluates on data that is not trained on. */
  evaluate(): Promise<Scalars>;
  /** The number of an evaluation by which models are compared; the higher, the better. */
  readonly bestBy: string;
  /** Writes the model that has been trained. */
  write(directory: string): Promise<void>;
  dispose(): Promise<void>;
}
