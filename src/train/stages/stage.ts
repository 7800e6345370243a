import type { State } from "../../backend/state.js";
import type { RunFacts } from "../run/run-directory.js";
import type { StepResults } from "../step/compiled-step.js";
import type { CollatedBatch } from "../../data/batch/collate.js";

/** Figures of a step or an evaluation by name, such as "contrastive" and "zero-shot top-1". */
export type Scalars = Readonly<Record<string, number>>;

/** Called with each log line. */
export type Log = (line: string) => void;

/** Resources that training needs. */
export interface StageNeeds {
  /** Memory of the state and the largest step. */
  readonly bytes: number;
  /** Multiplications and additions of an average step with texts of maximum length. */
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

/** A stage of training on batches `B`, as the training loop uses it. */
export interface Stage<B = CollatedBatch> {
  /** Its name in the recipe, such as "joint". */
  readonly name: string;
  readonly state: State;
  /** Total number of steps. */
  readonly steps: number;
  /** The losses by name, each with its value before training (guessing), or null if unknown. */
  readonly losses: RunFacts["losses"];
  /** Initializes the weights if there is no checkpoint to continue from. */
  begin(): Promise<void>;
  /** Compiles the largest steps. */
  prepare(): StageNeeds;
  /** Runs step number `step`, counted from 0. */
  step(batch: B, step: number): Promise<Scalars>;
  /** Evaluates on held-out data. */
  evaluate(): Promise<Scalars>;
  /** What `evaluate` measures, the measure that tells most about the model first; empty without validation data. */
  readonly measures: readonly string[];
  /** Writes the trained model. */
  write(directory: string): Promise<void>;
  dispose(): Promise<void>;
}
