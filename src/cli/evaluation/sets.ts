/** What `flava evaluate` and `flava probe` share: evaluations printed as tables or JSON, as a page, and against another model. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import type { Flava } from "../../api/flava.js";
import { keyOf } from "../../base/random.js";
import { replaceFile } from "../../base/replace-file.js";
import { compareEvaluations } from "../../eval/compare.js";
import { type Evaluation, evaluate } from "../../eval/evaluate.js";
import type { EvaluationSet } from "../../eval/evaluation-set.js";
import type { EvaluateOptions } from "../../eval/evaluators/embed-images.js";
import { type Comparison, comparisonMarkdown, comparisonTable } from "../../report/comparison.js";
import { reportName, toRecord } from "../../report/evaluation-record.js";
import { toSection } from "../../report/evaluation-section.js";
import { toJson, toMarkdown } from "../../report/evaluation-text.js";
import { isFirst } from "../../parallel/agreement.js";
import { html } from "../../report/html.js";
import { type Section, page } from "../../report/page.js";
import { type DataFlags, decodeOptions } from "../data-options.js";
import { interruptible } from "../interruptible.js";
import { type JsonFlag, jsonOption, printJson } from "../json.js";
import { type ModelFlags, useModel } from "../model-option.js";
import { outputDirectory, outputFile } from "../output-path.js";
import { ProgressLine, pace } from "../progress.js";

export interface EvaluationFlags extends ModelFlags, DataFlags, JsonFlag {
  readonly html?: string;
  readonly out?: string;
  readonly against?: string;
}

/** Adds the options that `evaluateSets` reads, besides those of models and data. */
export function addEvaluationOptions(command: Command): Command {
  return command
    .option(
      "--against <path>",
      "a second model, evaluated on the same samples; gives the differences with intervals",
    )
    .option("--html <file>", "write a page with examples", outputFile([".html"], { replace: true }))
    .option(
      "--out <directory>",
      "write the results and examples to report.json, for the evaluation page of flava serve. A suite continues there; default for suites: in the cache",
      outputDirectory,
    )
    .addOption(jsonOption());
}

/** Evaluates a set with a model. */
export type EvaluateOne = (
  set: EvaluationSet,
  flava: Flava,
  options: EvaluateOptions,
) => Promise<Evaluation>;

/** An evaluation, and how another model does on the same samples. */
interface Evaluated {
  readonly evaluation: Evaluation;
  readonly comparison?: Comparison;
}

/** Evaluates sets and prints the results. */
export async function evaluateSets(
  sets: readonly EvaluationSet[],
  flags: EvaluationFlags,
  evaluateOne: EvaluateOne = evaluate,
): Promise<void> {
  await useModel(flags, (flava) =>
    interruptible("Stopped; nothing was written.", async (signal) => {
      const run = (model: Flava): Promise<Evaluation[]> =>
        evaluateAll(model, sets, flags, evaluateOne, signal);
      const evaluated = await compared(flava, flags, run);
      if (!isFirst(flags.processes)) return;
      const { path: model, precision } = flava.model;
      if (flags.json) printJson({ model, precision, evaluations: evaluated.map(jsonOf) });
      else console.log(evaluated.map(markdownOf).join("\n"));
      if (flags.html !== undefined)
        await writeFile(flags.html, await pageOf(flava, evaluated, signal));
      if (flags.out !== undefined) await writeRecords(flags.out, flava, evaluated, signal);
    }),
  );
}

async function compared(
  flava: Flava,
  { against, heads: _, ...flags }: EvaluationFlags,
  run: (model: Flava) => Promise<Evaluation[]>,
): Promise<Evaluated[]> {
  if (against === undefined) return (await run(flava)).map((evaluation) => ({ evaluation }));
  const others = await useModel({ ...flags, model: against }, run); // first, so that a wrong path fails at once
  return (await run(flava)).map((evaluation, index) => {
    const differences = compareEvaluations(evaluation, others[index]!);
    return { evaluation, comparison: { model: against, differences } };
  });
}

async function evaluateAll(
  flava: Flava,
  sets: readonly EvaluationSet[],
  flags: EvaluationFlags,
  evaluateOne: EvaluateOne,
  signal: AbortSignal,
): Promise<Evaluation[]> {
  const progress = new ProgressLine();
  const evaluations: Evaluation[] = [];
  for (const set of sets) {
    const paceOf = pace("sample");
    const show = (line: string): void => {
      if (isFirst(flags.processes)) progress.show(`${set.name}: ${line}`);
    };
    const evaluation = await evaluateOne(set, flava, {
      decode: decodeOptions(flags),
      onProgress: (done, total) => show(paceOf(done, total)),
      probe: { onProgress: (fits, most) => show(`probe ${fits} of at most ${most}`) },
      signal,
    }).finally(() => progress.end());
    evaluations.push(evaluation);
  }
  return evaluations;
}

const jsonOf = ({ evaluation, comparison }: Evaluated): Record<string, unknown> => ({
  ...toJson(evaluation),
  ...(comparison && { against: comparison }),
});

const markdownOf = ({ evaluation, comparison }: Evaluated): string =>
  toMarkdown([evaluation]) + (comparison ? `\n${comparisonMarkdown(comparison)}` : "");

async function writeRecords(
  out: string,
  flava: Flava,
  evaluated: readonly Evaluated[],
  signal: AbortSignal,
): Promise<void> {
  const { path: model, precision, backend } = flava.model;
  const evaluations: unknown[] = [];
  for (const { evaluation, comparison } of evaluated) {
    const record = await toRecord(evaluation, { backend, key: keyOf(0), signal });
    evaluations.push({ ...record, ...(comparison && { against: comparison }) });
  }
  await mkdir(out, { recursive: true });
  const text = JSON.stringify({ model, precision, evaluations }, undefined, 2);
  await replaceFile(join(out, reportName), `${text}\n`);
}

async function pageOf(
  flava: Flava,
  evaluated: readonly Evaluated[],
  signal: AbortSignal,
): Promise<string> {
  const { path, precision, backend } = flava.model;
  const sections: Section[] = [];
  for (const { evaluation, comparison } of evaluated) {
    const { title, body } = await toSection(evaluation, { backend, key: keyOf(0), signal });
    const other = comparison ? comparisonTable(comparison) : html``;
    sections.push({ title, body: html`${other}${body}` });
  }
  return page("Evaluation", `${path}, ${precision}, ${backend.name} (${backend.level})`, sections);
}
