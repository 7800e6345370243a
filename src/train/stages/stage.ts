import type { State } from "../../backend/state.js";
import type { RunFacts } from "../run/run-directory.js";
import type { StepResults } from "../step/compiled-step.js";
import type { CollatedBatch } from "../../data/batch/collate.js";

/** Numbers of a step or an evaluation by name, such as "contrastive" and "zero-shot top-1". */
export type Scalars = Readonly<Record<string, number>>;

/** Takes lines for people. */
export type Say = (line: string) => void;

/** What a stage takes, told before its first step. */
export interface StageNeeds {
  /** Of the state and the largest step. */
  readonly bytes: number;
  /** Multiplications and additions of an average step whose texts are as long as they may be. */
  readonly flops: number;
}

/** What the log keeps of an optimizer step. */
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

/** What is trained, as the training loop sees it. */
export interface Stage {
  /** Such as "joint". */
  readonly name: string;
  readonly state: State;
  /** Steps in all. */
  readonly steps: number;
  /** The losses by name, each with its value where nothing has been learnt (guessing without looking), if that is known. */
  readonly losses: RunFacts["losses"];
  /** Sets the weights that training starts from, where there is no checkpoint to go on from. */
  begin(): Promise<void>;
  /** Compiles what the largest steps need. */
  prepare(): StageNeeds;
  /** Makes step number `step`, counted from 0. */
  step(batch: CollatedBatch, step: number): Promise<Scalars>;
  /** Judges what has been learnt on data that is not trained on. */
  evaluate(): Promise<Scalars>;
  /** The number of the evaluation that the best checkpoint has most of. */
  readonly bestBy: string;
  /** Writes what has been learnt for use. */
  write(directory: string): Promise<void>;
  dispose(): Promise<void>;
}
