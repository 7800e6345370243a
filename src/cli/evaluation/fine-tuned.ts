/** `flava evaluate` of a fine-tuned model: its predictions for labeled tables or folders of images. */
import { counted } from "../../base/counted.js";
import { writeFile } from "node:fs/promises";
import type { Flava } from "../../api/flava.js";
import { labeledParts } from "../../data/labeled/parts.js";
import { type ReadLabeledOptions, readLabeled } from "../../data/labeled/read-labeled.js";
import { type TaskEvaluation, evaluateTask } from "../../eval/evaluate-task.js";
import { lossName } from "../../eval/task-measures.js";
import { isFirst } from "../../parallel/agreement.js";
import { measureColumns } from "../../report/evaluation-text.js";
import { type Html, html } from "../../report/html.js";
import { markdownTable } from "../../report/markdown.js";
import { page } from "../../report/page.js";
import { numberColumn, table, textColumn } from "../../report/table.js";
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

type Flags = EvaluationFlags & DataFlags & ModelFlags & { readonly quotes: boolean };

/** Prints how well the predictions of a fine-tuned model agree with the labels of the sets at `paths`. */
export async function evaluateFineTuned(paths: readonly string[], flags: Flags): Promise<void> {
  await useModel(flags, (flava) =>
    interruptible("Stopped; nothing was written.", async (signal) => {
      const evaluations = await evaluateAll(flava, paths, flags, signal);
      if (!isFirst(flags.processes)) return;
      const { path: model, precision } = flava.model;
      if (flags.html !== undefined) {
        const sections = evaluations.map((each) => ({ title: each.set, body: bodyOf(each) }));
        await writeFile(flags.html, page("Fine-tuned model", `${model}, ${precision}`, sections));
      }
      if (flags.json) printJson({ model, precision, evaluations: evaluations.map(toJson) });
      else console.log(describe(evaluations));
    }),
  );
}

/** Scores the sets, whose columns are those of the flags, or those that the model was fine-tuned on. */
async function evaluateAll(
  { predictor }: Flava,
  paths: readonly string[],
  flags: Flags,
  signal: AbortSignal,
): Promise<NamedEvaluation[]> {
  const [text, textPair] = flags.textColumn ?? [];
  const named = { text, textPair, image: flags.imageColumn, label: flags.labelColumn };
  const options = {
    columns: columnsOf(named, predictor.task),
    target: predictor.task.labels.kind,
    separator: flags.separator,
    quotes: flags.quotes,
    imageRoot: flags.imageRoot,
    maxSamples: flags.maxSamples,
  };
  const progress = new ProgressLine();
  const evaluations: NamedEvaluation[] = [];
  for (const path of paths) {
    await requireOnePart(path, options);
    const { samples, skipped } = await readLabeled(path, options);
    const paceOf = pace("sample");
    const onProgress = (done: number): void => {
      if (isFirst(flags.processes)) progress.show(`${path}: ${paceOf(done, samples.length)}`);
    };
    const evaluation = await evaluateTask(path, samples, predictor, { onProgress, signal });
    evaluation.skipped.addAll(skipped);
    evaluations.push({ set: path, evaluation });
    progress.end();
  }
  return evaluations;
}

/** @throws Error if a set has training data beside others: a score of both would say little */
async function requireOnePart(path: string, options: ReadLabeledOptions): Promise<void> {
  const { train, validation, test = validation } = await labeledParts(path, options);
  if (train === path) return;
  const others = test === undefined ? "" : `, such as ${test}`;
  throw new Error(
    `${path} has a part for training, ${train}, which would be scored, too. Name the part to score${others}.`,
  );
}

/** A heading, a sentence and a table for each set. */
function describe(evaluations: readonly NamedEvaluation[]): string {
  return evaluations
    .map((each) => {
      const lines = [summaryOf(each), "", ...markdownTable(measureColumns, rowsOf(each)), ""];
      return [`## ${each.set}`, "", ...lines].join("\n");
    })
    .join("\n");
}

/** The same as the body of a page's section. */
function bodyOf(evaluation: NamedEvaluation): Html {
  const [name, ...numbers] = measureColumns;
  const columns = [textColumn(name!), ...numbers.map((each) => numberColumn(each))];
  return html`<p>${summaryOf(evaluation)}</p>
    ${table(columns, rowsOf(evaluation))}`;
}

function summaryOf({ evaluation: { samples, skipped } }: NamedEvaluation): string {
  return `${counted(samples, "sample")}${skipped.total > 0 ? `; ${skipped.summary(samples)}` : ""}.`;
}

/** A row for each measure, as in `measureColumns`. */
function rowsOf({ evaluation: { measures, guessingLoss } }: NamedEvaluation): string[][] {
  return Object.entries(measures).map(([name, { mean, low, high }]) => [
    ...[name, mean.toFixed(4), `${low.toFixed(4)} to ${high.toFixed(4)}`],
    name === lossName ? guessingLoss.toFixed(4) : "",
  ]);
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
