import type { ProgramMemory } from "../../backend/program.js";
import type { State } from "../../backend/state.js";
import type { RunFacts } from "../run/run-directory.js";
import type { StepResults } from "../step/compiled-step.js";
import { leavesOf } from "../../base/tree.js";
import type { Batch } from "../../data/batch/batch.js";
import type { CollatedBatch } from "../../data/batch/collate.js";
import type { TensorSpec } from "../../graph/tensor.js";
import type { TrainingData } from "./baselines.js";

/** Figures of a step or an evaluation by name, such as "contrastive" and "zero-shot top-1". */
export type Scalars = Readonly<Record<string, number>>;

export type Baselines = Pick<RunFacts, "losses" | "accuracies">;

/** Called with each log line. */
export type Log = (line: string) => void;

/** Resources that training needs. */
export interface StageNeeds {
  /** Memory in bytes. */
  readonly memory: {
    readonly state: number;
    /** The largest step, besides the state. */
    readonly step: number;
    /** Validation data, and what their evaluation needs besides the state and a step. */
    readonly validation: number;
    /** A batch, as threads prepare it. */
    readonly batch: number;
  };
  /** Multiplications and additions of an average step with texts of maximum length, and of its share of the evaluations. */
  readonly flops: number;
}

/** What evaluations take for each step, if one takes `flops` and there is one after every so many steps and at the end. */
export const evaluationShare = (flops: number, steps: number, every: number): number =>
  (flops * Math.ceil(steps / every)) / steps;

/** The needs of compiled steps, of which one runs at a time, and of `count` validation batches with their programs. */
export function memoryNeeds(
  steps: readonly { readonly memory: ProgramMemory; readonly batch: Batch<TensorSpec> }[],
  validation: readonly { readonly memory: ProgramMemory; readonly batch: Batch<TensorSpec> }[],
  count: number,
): StageNeeds["memory"] {
  const largest = (values: readonly number[]): number => Math.max(0, ...values);
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  const ofPrograms = (of: typeof steps): number =>
    largest(of.map(({ memory }) => memory.prepared)) +
    largest(of.map(({ memory }) => memory.arena));
  const batchBytes = (of: typeof steps): number[] => of.map(({ batch }) => bytesOfBatch(batch));
  return {
    state: largest(steps.map(({ memory }) => sum(Object.values(memory.state)))),
    step: ofPrograms(steps),
    validation:
      Math.max(0, ofPrograms(validation) - ofPrograms(steps)) + count * sum(batchBytes(validation)),
    batch: largest(batchBytes(steps)),
  };
}

function bytesOfBatch({ kind: _, ...tensors }: Batch<TensorSpec>): number {
  return leavesOf<TensorSpec>(tensors).reduce((sum, [, { bytes }]) => sum + bytes, 0);
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

/** The mean of each scalar over those that report it; NaN where one is not finite, which is null in JSON. */
export function meansOf(all: readonly Readonly<Record<string, number | null>>[]): Scalars {
  const names = new Set(all.flatMap((scalars) => Object.keys(scalars)));
  return Object.fromEntries(
    [...names].map((name) => {
      const values = all.filter((scalars) => name in scalars).map((each) => each[name] ?? NaN);
      return [name, values.reduce((sum, value) => sum + value, 0) / values.length];
    }),
  );
}

/** A stage of training on batches `B`, as the training loop uses it. */
export interface Stage<B = CollatedBatch> {
  /** Its name in the recipe, such as "joint". */
  readonly name: string;
  readonly state: State;
  /** Total number of steps. */
  readonly steps: number;
  /** Names of the losses. */
  readonly losses: readonly string[];
  /** Initializes the weights if there is no checkpoint to continue from. */
  begin(): Promise<void>;
  /** Compiles the largest programs; nothing large is allocated. */
  prepare(): StageNeeds;
  /** Runs step number `step`, counted from 0. */
  step(batch: B, step: number): Promise<Scalars>;
  /** Evaluates on held-out data. */
  evaluate(): Promise<Scalars>;
  /** What `evaluate` measures, the measure that tells most about the model first; empty without validation data. */
  readonly measures: readonly string[];
  /**
   * Writes the model as it is trained so far. All processes call it together, of which one writes.
   *
   * @param directory undefined on those that do not write
   * @param log called with what was done to it for that
   */
  write(directory: string | undefined, log: Log): Promise<void>;
  dispose(): Promise<void>;
}

/** A stage of pre-training, on the shards of batches that this process computes. */
export interface RecipeStage extends Stage<readonly CollatedBatch[]> {
  /** Loads the validation data. Called before `measures`, `step` and `evaluate`; rejects when aborted. */
  load(signal?: AbortSignal): Promise<void>;
  /**
   * What knowing frequencies alone reaches, without seeing any input. Called with the weights that training starts from.
   *
   * @param isToMemorize whether the training data are to be memorized: then baselines are of these, not of validation data
   */
  baselines(training: TrainingData, isToMemorize: boolean): Promise<Baselines>;
}
