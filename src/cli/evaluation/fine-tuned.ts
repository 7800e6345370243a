/** `flava evaluate` of a fine-tuned model: its predictions for labeled tables or folders of images. */
import type { Flava } from "../../api/flava.js";
import { readLabeled } from "../../data/labeled/read-labeled.js";
import { type TaskEvaluation, evaluateTask } from "../../eval/evaluate-task.js";
import { lossName } from "../../eval/task-measures.js";
import { measureColumns } from "../../report/evaluation-text.js";
import { markdownTable } from "../../report/markdown.js";
import type { DataFlags } from "../data-options.js";
import { columnsOf } from "../labeled/labeled-options.js";
import { interruptible } from "../interruptible.js";
import { printJson } from "../json.js";
import { type ModelFlags, useModel } from "../model-option.js";
import type { EvaluationFlags } from "./sets.js";
import { ProgressLine, pace } from "../progress.js";

interface NamedEvaluation {
  readonly set: string;
  readonly evaluation: TaskEvaluation;
}

type Flags = EvaluationFlags & DataFlags & ModelFlags;

/** Prints how well the predictions of a fine-tuned model agree with the labels of the sets at `paths`. */
export async function evaluateFineTuned(paths: readonly string[], flags: Flags): Promise<void> {
  if (flags.html !== undefined || flags.out !== undefined) {
    throw new Error(
      "There is no page for the predictions of a fine-tuned model: leave out --html and --out.",
    );
  }
  await useModel(flags, (flava) =>
    interruptible("Stopped; nothing was written.", async (signal) => {
      const evaluations = await evaluateAll(flava, paths, flags, signal);
      const { path: model, precision } = flava.model;
      if (flags.json) printJson({ model, precision, evaluations: evaluations.map(toJson) });
      else console.log(describe(evaluations));
    }),
  );
}

/** Scores the sets, whose columns are those of the flags, or those that the model was fine-tuned on. */
async function evaluateAll(
  { predictor }: Flava,
  paths: readonly string[],
  flags: DataFlags,
  signal: AbortSignal,
): Promise<NamedEvaluation[]> {
  const [text, textPair] = flags.textColumn ?? [];
  const named = { text, textPair, image: flags.imageColumn, label: flags.labelColumn };
  const options = {
    columns: columnsOf(named, predictor.task),
    target: predictor.task.labels.kind,
    separator: flags.separator?.replaceAll("\\t", "\t"),
    imageRoot: flags.imageRoot,
    maxSamples: flags.maxSamples,
  };
  const progress = new ProgressLine();
  const evaluations: NamedEvaluation[] = [];
  for (const path of paths) {
    const { samples, skipped } = await readLabeled(path, options);
    const paceOf = pace("samples");
    const onProgress = (done: number): void =>
      progress.show(`${path}: ${paceOf(done, samples.length)}`);
    const evaluation = await evaluateTask(path, samples, predictor, { onProgress, signal });
    evaluation.skipped.addAll(skipped);
    evaluations.push({ set: path, evaluation });
    progress.end();
  }
  return evaluations;
}

/** A heading, a sentence and a table for each set. */
function describe(evaluations: readonly NamedEvaluation[]): string {
  return evaluations
    .map(({ set, evaluation }) => {
      const { samples, skipped, measures, guessingLoss } = evaluation;
      const left = skipped.total > 0 ? `; ${skipped.summary(samples)}` : "";
      const rows = Object.entries(measures).map(([name, { mean, low, high }]) => {
        const guessing = name === lossName ? guessingLoss.toFixed(4) : "";
        return [name, mean.toFixed(4), `${low.toFixed(4)} to ${high.toFixed(4)}`, guessing];
      });
      return [
        `## ${set}`,
        "",
        `${samples} samples${left}.`,
        "",
        ...markdownTable(measureColumns, rows),
        "",
      ].join("\n");
    })
    .join("\n");
}

function toJson({ set, evaluation }: NamedEvaluation): Record<string, unknown> {
  const { samples, skipped, measures, guessingLoss } = evaluation;
  return {
    set,
    kind: "fine-tuned",
    samples,
    skipped: Object.fromEntries(skipped.counts),
    measurements: Object.entries(measures).map(([name, interval]) => ({
      name,
      ...interval,
      ...(name === lossName && { chance: guessingLoss }),
    })),
  };
}
