/** The samples of a task that fine-tuning learns from. */
import type { SkippedSamples } from "../data/batch/skipped.js";
import { splitByKey } from "../data/labeled/split.js";
import type { LabeledSample } from "../data/labeled-sample.js";
import type { LabeledSource } from "../data/labeled-source.js";
import type { OpenedTask } from "../eval/tasks/open-task.js";
import type { LabeledTask } from "../eval/tasks/task.js";
import { readSamples } from "./labeled-images.js";

/** Samples to train on, and those by which the best model is chosen. */
export interface FinetuningData {
  readonly train: readonly LabeledSample[];
  readonly validation: readonly LabeledSample[];
  /** The classes or answers in the order of the task; undefined for values. */
  readonly labels?: readonly string[];
}

/** What a task says about its labels. */
type Labeling = Pick<LabeledTask, "classes" | "answers">;

/**
 * Reads the training part of a task, and the part to choose the best model by: the validation part; the first test part where
 * the task says so; otherwise samples that are held out of the training part.
 * @param share of the training part that is held out, if none is for choosing
 */
export async function finetuningData(
  task: Labeling,
  { folder, train, validation, test, chosenByTest }: OpenedTask<LabeledSource>,
  skipped: SkippedSamples,
  share = 0.1,
): Promise<FinetuningData> {
  const samples = await readSamples(train[0] ?? [], skipped);
  const choosing = chosenByTest ? test.slice(0, 1) : validation;
  const data =
    choosing.length > 0
      ? { train: samples, validation: await readSamples(choosing, skipped) }
      : splitByKey(samples, share);
  const labels = task.classes.length > 0 ? task.classes : await task.answers?.(folder);
  return { ...data, ...(labels && { labels }) };
}
