/** The comparison of two models on a set, as Markdown and as a table of a page. */
import type { Difference } from "../eval/compare.js";
import { type Html, html } from "./html.js";
import { escapeMarkdown, markdownTable } from "./markdown.js";
import { percent } from "./measurements.js";
import { numberColumn, table, textColumn } from "./table.js";

export interface Comparison {
  /** Name of the other model. */
  readonly model: string;
  readonly differences: readonly Difference[];
}

const heads = ["this model", "the other", "difference", "95 % interval"];

export function comparisonMarkdown({ model, differences }: Comparison): string {
  const rows = differences.map((row) => [row.name, ...cellsOf(row)]);
  return [
    `### Against ${escapeMarkdown(model)}`,
    "",
    ...markdownTable(["measure", ...heads], rows),
    "",
  ].join("\n");
}

export function comparisonTable({ model, differences }: Comparison): Html {
  const columns = [textColumn("measure"), ...heads.map(numberColumn)];
  const rows = differences.map((row) => [row.name, ...cellsOf(row)]);
  return html`<h3>Against ${model}</h3>
    ${table(columns, rows)}`;
}

function cellsOf({ first, second, difference: { mean, low, high } }: Difference): string[] {
  return [percent(first), percent(second), signed(mean), `${signed(low)} to ${signed(high)}`];
}

/** Percentage points with their sign. */
const signed = (share: number): string => `${share > 0 ? "+" : ""}${(100 * share).toFixed(1)}`;
