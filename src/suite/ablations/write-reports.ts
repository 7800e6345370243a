/** The comparison as files: report.html with tables and plots, report.md and report.json. */
import { join } from "node:path";
import { replaceFile } from "../../base/replace-file.js";
import { type Html, html } from "../../report/html.js";
import { type PlottedMean, intervalPlot } from "../../report/interval-plot.js";
import { type Section, page } from "../../report/page.js";
import { numberColumn, table, textColumn } from "../../report/table.js";
import { type Averages, averages } from "./averages.js";
import type { MeasuredChange } from "./measured-change.js";
import {
  type AblationReport,
  ablationMarkdown,
  cellsOf,
  changeCells,
  changeColumns,
  changesExplained,
  columns,
  explanation,
} from "./report.js";

/** Writes report.html, report.md and report.json. */
export async function writeReports(directory: string, report: AblationReport): Promise<void> {
  await replaceFile(join(directory, "report.json"), `${JSON.stringify(report, undefined, 2)}\n`);
  await replaceFile(join(directory, "report.md"), ablationMarkdown(report));
  await replaceFile(join(directory, "report.html"), ablationPage(report));
}

/** The comparison as a page. */
export function ablationPage(report: AblationReport): string {
  const { models, changes } = report;
  const sections: Section[] = [
    {
      title: "Averages",
      body: html`${plot(
        "Averages in percent, by model",
        models.map(({ title, scores, paper }) => ({ title, points: scores, paper })),
      )}
      ${tableOf(columns, models.map(cellsOf))}`,
    },
  ];
  if (changes.length > 0) {
    sections.push({
      title: "What changes bring",
      body: html`${plot("Differences in points, by change", changes, 0)}
        ${tableOf(changeColumns, changes.map(changeCells))}
        <p>${changesExplained}</p>`,
    });
  }
  return page("The paper's comparisons", explanation(report), sections);
}

function tableOf([first, ...others]: readonly string[], rows: readonly string[][]): Html {
  return table([textColumn(first!), ...others.map((name) => numberColumn(name))], rows);
}

interface Plotted extends Pick<MeasuredChange, "title" | "points"> {
  readonly paper: Averages;
}

/** Dots with their intervals, and the paper's values as circles. */
function plot(title: string, rows: readonly Plotted[], level?: number): Html {
  const drawn = intervalPlot({
    ...{ title, panels: averages, ...(level !== undefined && { level }) },
    rows: rows.map(({ title: name, points, paper }) => ({
      name,
      means: averages.map((average): PlottedMean => {
        const reference = paper[average];
        return { ...points[average], ...(reference !== undefined && { reference }) };
      }),
    })),
  });
  return html`${drawn}
    <p class="quiet">${title}. Dots: measured, with 95 % intervals. Circles: the paper's.</p>`;
}
