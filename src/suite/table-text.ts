/** The report of a suite as Markdown and as JSON. */
import { counted, grouped } from "../base/counted.js";
import { formatDuration } from "../base/duration.js";
import { paperColumns } from "../eval/tasks/paper.js";
import { escapeMarkdown, markdownTable } from "../report/markdown.js";
import type { Outcome, SuiteReport } from "./outcome.js";
import {
  zeroShotCells,
  zeroShotColumns,
  zeroShotExplanation,
  zeroShotRows,
} from "./zero-shot-rows.js";
import { type TextColumn, baselineColumns, baselineSummary } from "./baseline-columns.js";
import {
  type Average,
  type ScoreRow,
  averagesOf,
  comparisonOf,
  rowsOf,
  shownColumns,
} from "./rows.js";

/** A percentage with two digits after the point, as in the paper; empty for no number. */
export const figure = (value: number | null | undefined): string =>
  value === null || value === undefined ? "" : value.toFixed(2);

/** What stands in for the value of a row without one. */
function absence({ outcome }: ScoreRow): string {
  return "without" in outcome ? outcome.without.status : "not measured";
}

/** The value of a row, or why it has none. */
export function valueOf(row: ScoreRow): string {
  if (!row.value) return absence(row);
  return `${figure(row.value.mean)}${row.partial ? " *" : ""}`;
}

export function intervalOf({ value }: ScoreRow): string {
  return value ? `${value.low.toFixed(2)} to ${value.high.toFixed(2)}` : "";
}

/** The value of an average, or how many of its rows are there. */
export function averageOrMissing({ value, rows, missing }: Average): string {
  return value === undefined ? `${rows - missing} of ${rows} rows` : figure(value);
}

/** How to read the table. */
export function explanationOf(rows: readonly ScoreRow[]): string {
  const beside =
    shownColumns(rows).length > 0
      ? ", beside those of the paper's Table 4 (arXiv 2112.04482)"
      : ", on sets that are not the paper's";
  return (
    `Scores are in percent${beside}. An average stands only where all of its rows do; ` +
    "* marks scores on other data than the official ones, which do not count."
  );
}

/** The report as Markdown: a table of all rows beside the paper's, in percent. */
export function suiteMarkdown(report: SuiteReport): string {
  const rows = rowsOf(report.outcomes);
  const columns = shownColumns(rows);
  const shown = (paper: readonly (number | null)[]): string[] =>
    columns.map((column) => figure(paper[column]));
  const names = columns.map((column) => paperColumns[column]!);
  const baselines = baselineColumns(rows, true);
  const head = ["task", "this model", "95 % interval", ...namesOf(baselines), ...names];
  const body = rows.map((row) => [
    escapeMarkdown(row.title),
    valueOf(row),
    intervalOf(row),
    ...baselines.map(({ cell }) => cell(row)),
    ...shown(row.paper),
  ]);
  const averages = averagesOf(rows).map((average) => [
    `**${average.title}**`,
    averageOrMissing(average),
    "",
    ...baselines.map(() => ""),
    ...shown(average.paper),
  ]);
  const summary = baselineSummary(rows);
  return [
    `# ${report.suite}`,
    "",
    escapeMarkdown(`${report.model.path}, ${report.model.precision}. ${explanationOf(rows)}`),
    "",
    ...markdownTable(head, [...body, ...averages]),
    "",
    ...(summary === undefined ? [] : [escapeMarkdown(summary), ""]),
    ...zeroShotLines(report.outcomes),
    "## How each task was run",
    "",
    timeOf(report.outcomes),
    "",
    ...report.outcomes.map((outcome) => `- ${escapeMarkdown(describeOutcome(outcome))}`),
    "",
  ].join("\n");
}

/** The section on zero-shot classification; none if nothing was classified by prompts. */
function zeroShotLines(outcomes: readonly Outcome[]): string[] {
  const rows = zeroShotRows(outcomes).map(zeroShotCells);
  if (rows.length === 0) return [];
  const body = rows.map(([title = "", ...cells]) => [escapeMarkdown(title), ...cells]);
  const lines = markdownTable(zeroShotColumns, body);
  return ["## Zero-shot classification", "", zeroShotExplanation, "", ...lines, ""];
}

/** How long the tasks took, and how much of it was spent in programs of the engine. */
export function timeOf(outcomes: readonly Outcome[]): string {
  const scored = outcomes.flatMap((outcome) => ("scores" in outcome ? outcome.scores : []));
  if (scored.length === 0) return "No task was scored.";
  const total = (of: "seconds" | "secondsInPrograms"): number =>
    scored.reduce((sum, scores) => sum + scores[of], 0);
  const share = Math.round((100 * total("secondsInPrograms")) / Math.max(total("seconds"), 0.1));
  return `${counted(scored.length, "task")} took ${formatDuration(total("seconds"))}, ${share} % of it in programs of the engine.`;
}

/** Columns of the paper that stand beside this model on a terminal; files have all of them. */
const columnsInShort: readonly string[] = ["FLAVA", "CLIP (400M)"];

/** The rows that have scores, or failed, as a table for a terminal, and a line on all others. */
export function suiteText(report: SuiteReport): string {
  const rows = rowsOf(report.outcomes);
  const columns = shownColumns(rows).filter((at) => columnsInShort.includes(paperColumns[at]!));
  const shown = rows.filter(({ outcome }) => !isAbsent(outcome));
  const baselines = baselineColumns(rows, false);
  const names = [...namesOf(baselines), ...columns.map((at) => paperColumns[at]!)];
  const lines = [
    ["task", "this model", "95 % interval", ...names],
    ...shown.map((row) => [
      ...[row.title, valueOf(row), intervalOf(row)],
      ...baselines.map(({ cell }) => cell(row)),
      ...paperOf(row, columns),
    ]),
    ...averagesOf(rows).map((average) => [
      average.title,
      averageOrMissing(average),
      "",
      ...baselines.map(() => ""),
      ...paperOf(average, columns),
    ]),
  ];
  const widths = lines[0]!.map((_, column) =>
    Math.max(...lines.map((cells) => cells[column]!.length)),
  );
  const aligned = lines.map((cells) =>
    cells
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
      )
      .join("  ")
      .trimEnd(),
  );
  const summary = baselineSummary(rows);
  return [
    ...aligned,
    "",
    ...(summary === undefined ? [] : [summary]),
    ...absences(report),
    timeOf(report.outcomes),
  ].join("\n");
}

const namesOf = (columns: readonly TextColumn[]): string[] => columns.map(({ name }) => name);

const paperOf = (
  { paper }: { readonly paper: readonly (number | null)[] },
  columns: readonly number[],
): string[] => columns.map((column) => figure(paper[column]));

/** Whether a task was not tried: its files are missing, or it needs fine-tuning that was not asked for. */
export const isAbsent = (outcome: Outcome): boolean =>
  "without" in outcome && ["missing", "not run"].includes(outcome.without.status);

/** One line on the tasks whose files are missing, and one on those that need fine-tuning. */
function absences({ outcomes }: SuiteReport): string[] {
  const titles = (status: string): string[] =>
    outcomes.flatMap((outcome) =>
      "without" in outcome && outcome.without.status === status ? [outcome.task.title] : [],
    );
  const [missing, notRun] = [titles("missing"), titles("not run")];
  return [
    ...(missing.length > 0
      ? [`Files are missing for ${missing.join(", ")}. flava tasks --data DIR names them.`]
      : []),
    ...(notRun.length > 0
      ? [`Fine-tuning, which takes long, is needed for ${notRun.join(", ")}: add --finetune.`]
      : []),
  ];
}

/** One line on how a task was run, or why it was not. */
export function describeOutcome(outcome: SuiteReport["outcomes"][number]): string {
  const { title } = outcome.task;
  if ("without" in outcome) return `${title}, ${outcome.without.status}: ${outcome.without.reason}`;
  const { protocol, layout, samples, metrics, notes, seconds } = outcome.scores;
  const fitted = samples.train > 0 ? `fitted to ${grouped(samples.train)}, ` : "";
  const all = Object.entries(metrics).map(
    ([name, { mean }]) => `${name} ${(100 * mean).toFixed(2)}`,
  );
  return [
    `${title}: protocol ${protocol}, ${layout}, ${fitted}scored on ${grouped(samples.test)}, ${formatDuration(seconds)}.`,
    `${all.join(", ")}.`,
    ...notes,
  ].join(" ");
}

/** The report as plain values; scores are in percent, metrics fractions. */
export function suiteJson({ suite, model, outcomes }: SuiteReport): Record<string, unknown> {
  const rows = rowsOf(outcomes);
  const byColumn = (values: readonly (number | null)[]) =>
    Object.fromEntries(paperColumns.map((column, index) => [column, values[index]]));
  return {
    suite,
    model,
    rows: rows.map((row) => ({
      title: row.title,
      task: row.task.name,
      ...(row.partial && { partial: true }),
      ...(row.value ?? ("without" in row.outcome ? row.outcome.without : {})),
      ...(row.baselines && { baselines: row.baselines, againstSimple: comparisonOf(row) }),
      paper: byColumn(row.paper),
    })),
    zeroShot: zeroShotRows(outcomes).map(({ value, ...row }) => ({ ...row, ...value })),
    averages: averagesOf(rows).map(({ paper, ...average }) => ({
      ...average,
      paper: byColumn(paper),
    })),
    tasks: outcomes.flatMap((outcome) => ("scores" in outcome ? outcome.scores : [])),
  };
}
