/** Writes the report of a suite as a page, as Markdown and as JSON. */
import { join } from "node:path";
import { replaceFile } from "../base/replace-file.js";
import { paperColumns } from "../eval/tasks/paper.js";
import { reportName } from "../report/evaluation-record.js";
import { type Html, html } from "../report/html.js";
import { type Section, page } from "../report/page.js";
import { numberColumn, table, textColumn } from "../report/table.js";
import { baselineColumns, baselineSummary } from "./baseline-columns.js";
import type { Outcome, SuiteReport } from "./outcome.js";
import { type ScoreRow, averagesOf, rowsOf, shownColumns } from "./rows.js";
import {
  averageOrMissing,
  describeOutcome,
  explanationOf,
  figure,
  intervalOf,
  suiteJson,
  suiteMarkdown,
  timeOf,
  valueOf,
} from "./table-text.js";
import {
  zeroShotCells,
  zeroShotColumns,
  zeroShotExplanation,
  zeroShotRows,
} from "./zero-shot-rows.js";

/** Writes report.html, report.md and report.json to `out`. */
export async function writeReports(out: string, report: SuiteReport): Promise<void> {
  await replaceFile(join(out, reportName), `${JSON.stringify(suiteJson(report), undefined, 2)}\n`);
  await replaceFile(join(out, "report.md"), suiteMarkdown(report));
  await replaceFile(join(out, "report.html"), suitePage(report));
}

function suitePage(report: SuiteReport): string {
  const { path, precision } = report.model;
  const rows = rowsOf(report.outcomes);
  const scored = rows.filter(({ value }) => value).length;
  const summary = baselineSummary(rows);
  const lines = report.outcomes.map((outcome) => html`<li>${describeOutcome(outcome)}</li>`);
  const sections: Section[] = [
    {
      title: "Scores",
      body: html`<p>${scored} of ${rows.length} rows. ${explanationOf(rows)}</p>
        ${scoreTable(rows)} ${summary === undefined ? "" : html`<p>${summary}</p>`}`,
    },
    ...zeroShotSection(report.outcomes),
    {
      title: "How each task was run",
      body: html`<p>${timeOf(report.outcomes)}</p>
        <ul>
          ${lines}
        </ul>`,
    },
  ];
  return page(report.suite, `${path}, ${precision}`, sections);
}

function zeroShotSection(outcomes: readonly Outcome[]): Section[] {
  const rows = zeroShotRows(outcomes).map(zeroShotCells);
  if (rows.length === 0) return [];
  const columns = zeroShotColumns.map((name, place) =>
    place === 0 ? textColumn(name) : numberColumn(name),
  );
  const body = html`<p>${zeroShotExplanation}</p>
    ${table(columns, rows)}`;
  return [{ title: "Zero-shot classification", body }];
}

function scoreTable(rows: readonly ScoreRow[]): Html {
  const shown = shownColumns(rows);
  const baselines = baselineColumns(rows, true);
  const columns = [
    textColumn("task"),
    numberColumn("this model"),
    numberColumn("95 % interval"),
    ...baselines.map(({ name }) => numberColumn(onTwoLines(name))),
    ...shown.map((column) => numberColumn(onTwoLines(paperColumns[column]!))),
  ];
  const body = rows.map((row) => [
    row.title,
    row.value && !row.partial ? html`<strong>${valueOf(row)}</strong>` : quiet(valueOf(row)),
    quiet(intervalOf(row)),
    ...baselines.map(({ cell }) => cell(row)),
    ...shown.map((column) => figure(row.paper[column])),
  ]);
  const averages = averagesOf(rows).map((average) => [
    html`<strong>${average.title}</strong>`,
    average.value === undefined
      ? quiet(averageOrMissing(average))
      : html`<strong>${averageOrMissing(average)}</strong>`,
    "",
    ...baselines.map(() => ""),
    ...shown.map((column) => html`<strong>${figure(average.paper[column])}</strong>`),
  ]);
  return table(columns, [...body, ...averages]);
}

/** A long heading, so that its column is no wider than its numbers. */
function onTwoLines(name: string): Html {
  const [first, ...rest] = name.split(/ (?=\S+$)/);
  return html`${first!}${rest.map((last) => html`<br />${last}`)}`;
}

const quiet = (text: string): Html => html`<span class="quiet">${text}</span>`;
