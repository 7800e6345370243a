/** What became of each task of a suite. */
import type { Interval } from "../eval/bootstrap.js";
import type { StoredDtype } from "../eval/embedding-store.js";
import type { MetricName } from "../eval/tasks/metric-name.js";
import type { ProtocolName, Task } from "../eval/tasks/task.js";

/** Metrics with their intervals. */
export type Metrics = Readonly<Partial<Record<MetricName, Interval>>>;

/** What is reached on a task without the model. */
export interface Baselines {
  /** Expected of answers at random. */
  readonly chance: Readonly<Partial<Record<MetricName, number>>>;
  /** The same answer always, the one that is most frequent in training. */
  readonly mostFrequent: Metrics;
  /** A simple method, which uses nothing of the model, or does not see all of a sample. */
  readonly simple: Metrics;
  /** Names the simple method, such as "words alone". */
  readonly method: string;
}

/** The scores of a task. Plain JSON: it is written when the task is finished, and read when a suite is resumed. */
export interface TaskScores {
  /** Name of the task. */
  readonly task: string;
  /** Which splits were used. */
  readonly protocol: ProtocolName;
  /** The layout of the files. */
  readonly layout: string;
  /** Identify what was scored: another model, or other files, need another run. */
  readonly of: {
    readonly model: string;
    readonly data?: string;
    /** How the embeddings were kept, if not in float32. */
    readonly embeddings?: StoredDtype;
  };
  /** Number of samples that were scored, and fitted to. */
  readonly samples: { readonly test: number; readonly train: number };
  /** Those of the paper, and others, as fractions from 0 to 1. */
  readonly metrics: Metrics;
  /** What is reached without the model, if that was measured. */
  readonly baselines?: Baselines;
  /** Whether parts have fewer or other samples than the official ones: the scores compare to nothing. */
  readonly partial: boolean;
  /** What a reader of the numbers must know: deviations from the protocol, samples left out. */
  readonly notes: readonly string[];
  /** How long the task took. */
  readonly seconds: number;
  /** The part of them in programs of the engine; the rest reads files and fits baselines, among other things. */
  readonly secondsInPrograms: number;
}

/** Why a task has no scores. */
export interface TaskWithout {
  /**
   * - missing: no files at all;
   * - incomplete: some files are missing;
   * - failed: files are damaged, or the evaluation stopped with an error;
   * - not run: it needs fine-tuning, which was not asked for.
   */
  readonly status: "missing" | "incomplete" | "failed" | "not run";
  /** What is wrong and what to do, in sentences. */
  readonly reason: string;
}

/** What became of a task: its scores, or why it has none. */
export type Outcome = {
  /** The task. */
  readonly task: Task;
} & (
  | {
      /** If it was scored. */
      readonly scores: TaskScores;
    }
  | {
      /** If it was not. */
      readonly without: TaskWithout;
    }
);

/** The model that a suite is about. */
export interface SuiteModel {
  /** Where it was loaded from. */
  readonly path: string;
  /** Precision of matrix products. */
  readonly precision: string;
  /** Identifies its weights (`modelFingerprint` of `flava/search`). */
  readonly fingerprint: string;
}

/** The outcomes of a suite's tasks with one model. */
export interface SuiteReport {
  /** Name of the suite. */
  readonly suite: string;
  /** The model that was evaluated. */
  readonly model: SuiteModel;
  /** In the order of the suite's tasks. */
  readonly outcomes: readonly Outcome[];
}
