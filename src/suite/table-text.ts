/** The report of a suite as Markdown and as JSON. */
import { formatDuration } from "../base/duration.js";
import { paperColumns } from "../eval/tasks/paper.js";
import { escapeMarkdown } from "../report/markdown.js";
import type { SuiteReport } from "./outcome.js";
import { type Average, type ScoreRow, averagesOf, rowsOf, shownColumns } from "./rows.js";

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
export const explanation =
  "Scores are in percent, beside those of the paper's Table 4 (arXiv 2112.04482). An average stands only where all of its rows do; " +
  "* marks scores on other data than the official ones, which do not count.";

export function suiteMarkdown(report: SuiteReport): string {
  const rows = rowsOf(report.outcomes);
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const columns = shownColumns(rows);
  const shown = (paper: readonly (number | null)[]): string[] =>
    columns.map((column) => figure(paper[column]));
  const names = columns.map((column) => paperColumns[column]!);
  const head = ["task", "this model", "95 % interval", ...names];
  const body = rows.map((row) => [
    escapeMarkdown(row.title),
    valueOf(row),
    intervalOf(row),
    ...shown(row.paper),
  ]);
  const averages = averagesOf(rows).map((average) => [
    `**${average.title}**`,
    averageOrMissing(average),
    "",
    ...shown(average.paper),
  ]);
  return [
    `# ${report.suite}`,
    "",
    escapeMarkdown(`${report.model.path}, ${report.model.precision}. ${explanation}`),
    "",
    ...[head, ["---", ...head.slice(1).map(() => "---:")], ...body, ...averages].map(line),
    "",
    "## How each task was run",
    "",
    ...report.outcomes.map((outcome) => `- ${escapeMarkdown(describeOutcome(outcome))}`),
    "",
  ].join("\n");
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

const grouped = (count: number): string => count.toLocaleString("en");

/** The report as plain values; scores are in percent, metrics fractions. */
export function suiteJson({ suite, model, outcomes }: SuiteReport): Record<string, unknown> {
  const rows = rowsOf(outcomes);
  const byColumn = (values: readonly (number | null)[]) =>
    Object.fromEntries(paperColumns.map((column, index) => [column, values[index]]));
  return {
    suite,
    model,
    rows: rows.map(({ title, task, value, partial, paper, outcome }) => ({
      title,
      task: task.name,
      ...(partial && { partial }),
      ...(value ?? ("without" in outcome ? outcome.without : {})),
      paper: byColumn(paper),
    })),
    averages: averagesOf(rows).map(({ paper, ...average }) => ({
      ...average,
      paper: byColumn(paper),
    })),
    tasks: outcomes.flatMap((outcome) => ("scores" in outcome ? outcome.scores : [])),
  };
}
